"""What only waflows has: deliveries, submissions, phones, endpoint keys, usage, development."""
