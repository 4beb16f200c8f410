"""A small experiment, lived by the engine alone."""

from __future__ import annotations

import numpy as np

from engine import confidence_sequences, experiment_power, experiments


def live() -> None:
    """Compare two policies of two campaigns, and ask how long it takes to know."""
    names, days = [b"google:7:41", b"google:7:42"], np.array([3, 9])
    experiments.treated("cpa-12", names, days, 2)
    mine, theirs = (
        experiments.Side(amount=counts, conversions=counts, cost=np.full((2, 20), 40.0))
        for counts in np.random.default_rng(1).poisson(9.0, (2, 2, 20)).astype(np.float64)
    )
    ratios = experiments.log_ratios(mine, theirs)
    both = experiments.together(ratios, mine.conversions + theirs.conversions)
    mixture = confidence_sequences.Mixture(tuned=15.0)
    known = confidence_sequences.sequence(both[None], mixture)
    assert known.p_value.shape == known.differs.shape == (1, 20)
    experiment_power.needed(known.deviation[:, -1], np.array([0.02]), mixture)
