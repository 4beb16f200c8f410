"""Platforms on loopback that behave as the real ones do on the wire: for trying, and for tests."""
