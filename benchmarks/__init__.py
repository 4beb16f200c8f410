"""Figures that Pacekeeper promises, measured: ``python -m benchmarks``."""
