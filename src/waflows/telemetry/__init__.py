"""Log lines and metrics for operators. Knows nothing about HTTP or flows."""
