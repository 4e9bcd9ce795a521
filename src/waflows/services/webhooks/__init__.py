"""Webhooks: who receives which events, and their deliveries."""
