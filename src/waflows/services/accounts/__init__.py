"""Accounts: channels, keys, limits, secrets, and the log of refused requests."""
