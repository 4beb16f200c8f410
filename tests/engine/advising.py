"""A campaign that is looked at by the engine alone: its segments and its ads."""

from __future__ import annotations

import numpy as np

from engine import creatives, segments
from engine.creatives import Shown
from engine.segments import Segments, Yardsticks


def looked_at() -> None:
    """Judge three segments, and compare the ads of four units by place, peers and time."""
    judged = segments.judge(
        Segments(
            campaign=np.zeros(3, dtype=np.int64),
            dimension=np.zeros(3, dtype=np.int64),
            named=np.array([False, True, True]),
            cost=np.array([10.0, 300.0, 100.0]),
            value=np.array([1.0, 40.0, 0.0]),
        ),
        Yardsticks(target=np.array([0.1]), unit=np.ones(1), dispersion=np.ones(1)),
    )
    segments.losing(judged, np.array([0.3]))
    days = np.full((4, 28), 4_000.0)
    clicks = days * np.linspace(0.02, 0.01, 28) * np.array([[0.4], [1.0], [1.1], [0.9]])
    places = np.stack((days.sum(axis=1), 0.5 * days.sum(axis=1)), axis=1)
    hits = np.stack((clicks.sum(axis=1), 0.2 * clicks.sum(axis=1)), axis=1)
    shown = Shown(impressions=places, clicks=hits, spread=creatives.spread(days, clicks))
    creatives.weak(creatives.against_peers(shown), np.array([0.2]))
    creatives.fatigue(days, clicks)
