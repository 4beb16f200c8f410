"""What is found of hours that are not as they should be, and how often for nothing."""
