"""What waflows is measured against."""
