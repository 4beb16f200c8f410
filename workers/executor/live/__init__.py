"""Carrying out released changes on platforms: one order, one effect, one outcome."""
