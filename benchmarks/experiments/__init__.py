"""Experiments on policies: how often they mislead whoever looks every day, and what they find."""
