"""What carries a change out on an ad platform: one connector each, all under one protocol."""
