"""Meta on loopback."""
