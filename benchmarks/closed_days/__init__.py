"""What is found of closed days that are not as they should be, while bids and budgets move."""
