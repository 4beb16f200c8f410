"""Weeks of traffic: measured ones where their file is at hand, else drawn ones."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from pathlib import Path

import numpy as np

from engine.arrays import Floats
from engine.calendar import HOURS_OF_WEEK

FILE = "traffic_share.csv"
"""Columns ``region_id, dow`` (1 is Monday)``, hour, traffic_share``, in the folder SHARED_DATA."""

LEAST = 1e-2
"""Of a mean hour: the least traffic that an hour has."""


def curves() -> tuple[Floats, Floats]:
    """Return the weeks that campaigns live, and others that teach; shapes (S, 168), mean 1."""
    path = Path(os.environ.get("SHARED_DATA", "../shared/data"), FILE)
    weeks = _measured(path) if path.is_file() else _drawn(np.random.default_rng(1))
    weeks = np.maximum(weeks / weeks.mean(axis=1, keepdims=True), LEAST)
    weeks = weeks / weeks.mean(axis=1, keepdims=True)
    return weeks[::2], weeks[1::2]


def _measured(path: Path) -> Floats:
    weeks: dict[str, Floats] = defaultdict(lambda: np.zeros(HOURS_OF_WEEK))
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            hour = 24 * (int(row["dow"]) - 1) + int(row["hour"])
            weeks[row["region_id"]][hour] = float(row["traffic_share"])
    return np.array([weeks[name] for name in sorted(weeks)])


def _drawn(chance: np.random.Generator) -> Floats:
    """Draw days with an evening peak and a quiet night, alike but not the same."""
    count, hours = 80, np.arange(24)
    swing = chance.normal((0.9, 0.4), 0.2, (count, 2))
    peak = chance.normal((19.0, 12.0), 1.5, (count, 2))
    order = np.array([[1], [2]])
    phase = 2 * np.pi * order * (hours - peak[:, :, None]) / 24
    waves = (swing[:, :, None] * np.cos(phase)).sum(axis=1)
    weekday = chance.normal(0.0, 0.1, (count, 7, 1))
    rough = chance.normal(0.0, 0.08, (count, 7, 24))
    weeks: Floats = np.exp(waves[:, None, :] + weekday + rough).reshape(count, HOURS_OF_WEEK)
    return weeks
