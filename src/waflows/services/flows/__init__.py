"""Flows: their life cycle, their texts, and playing them."""
