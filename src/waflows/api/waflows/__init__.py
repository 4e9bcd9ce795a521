"""What only waflows has: deliveries, submissions, phones, previews, endpoint keys, development."""
