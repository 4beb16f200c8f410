"""Experiments on policies: begun, compared and stopped from the command line."""
