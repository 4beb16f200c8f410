"""Meta, by its own client."""
