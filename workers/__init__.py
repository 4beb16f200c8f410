"""Pacekeeper's processes: what reads topics, asks the engine, and writes topics."""
