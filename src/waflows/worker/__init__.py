"""What happens later, on its own: forgetting what is too old."""
