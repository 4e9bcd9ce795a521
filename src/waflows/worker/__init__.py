"""Background work of a server: delivering webhooks and deleting old data."""
