"""The customer's data endpoint: its keys, its health, and the calls made to it."""
