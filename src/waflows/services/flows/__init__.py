"""Flows: their life, their texts, and playing them."""
