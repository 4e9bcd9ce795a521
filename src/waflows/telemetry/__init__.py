"""What the server tells its operators: log lines and metrics. Knows nothing of HTTP or flows."""
