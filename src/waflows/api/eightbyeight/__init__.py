"""8x8's API: the reference dialect, the guide dialect, messages, templates and webhooks."""
