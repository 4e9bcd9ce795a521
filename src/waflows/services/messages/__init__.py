"""Messages: what businesses send, what users answer, and message templates."""
