"""What an hour tells of how rough a campaign is, and what roughness takes back of what was learned.

Hours before the first search is over tell of the response rather than of chance, and one that was
cut off below what was expected tells nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from engine import rough
from engine.arrays import Bools, Floats
from engine.response import CURVATURE, ELASTICITY, Observed, Response
from engine.rough import Rough

FORGETTING: Final = 12.0
"""Hours in which what chance taught of the answer to multipliers is forgotten, to 1/e."""


def roughness(
    before: Response, observed: Observed, hour: tuple[Floats, Floats], settled: Bools
) -> Rough:
    """Return how rough campaigns are, after an hour.

    Parameters
    ----------
    before
        What was known of the hour before it was heard of.
    hour
        What was expected of it, log of minor units, and the log of its share against a mean one;
        shapes (B,).
    settled
        Shape (B,): whose first search is over.
    """
    size, share = hour
    spent, u = observed.spend > 0.0, observed.log_multiplier - before.anchor
    surprise = np.log(np.maximum(observed.spend, 1e-9)) - size
    tells = observed.usable & spent & (~observed.capped | (surprise > 0.0)) & settled
    missed = rough.missed(before.rough, surprise, observed.impressions, tells)
    # An hour that nothing was left for is no hour without demand.
    lived = observed.usable & (spent | ~observed.capped)
    return rough.bought(missed, observed.spend, (share, u), lived)


def unlearned(response: Response) -> Response:
    """Return what is known without what chance taught of a rough campaign's answer."""
    lost = (1.0 - rough.trust(response.rough)) / FORGETTING
    if not lost.any():
        return response
    mean = response.mean.copy()
    mean[:, ELASTICITY] += lost * (rough.ELASTICITY - mean[:, ELASTICITY])
    mean[:, CURVATURE] += lost * (rough.CURVATURE - mean[:, CURVATURE])
    return replace(response, mean=mean)
