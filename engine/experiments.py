"""Experiments on policies: which days are whose, and what two sides of one came to.

Two designs. **Halves**: what is compared runs at the same time, on two campaigns that a platform
has split one audience between; each day of both is an observation. **Switchback**: a campaign
changes its policy from block to block of local days; of each two blocks that follow each other one
is the treatment, and a coin says which. The coin follows from the experiment's name, the
campaign and the number of the pair, so a replay throws it alike.

Where the policies do not differ, either order of a pair is as likely as the other, so that log
ratios are spread evenly around 0 whatever the days are like.

Source: Bojinov, Simchi-Levi and Zhao, "Design and Analysis of Switchback Experiments" (Management
Science 2023, arXiv 2009.00148); Liu, Mao and Kang, "Trustworthy and Powerful Online Marketplace
Experimentation with Budget-split Design" (KDD 2021, arXiv 2012.08724).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np

from engine.arrays import Bools, Floats, Ints

DAY_SPREAD: Final = 0.15
"""Standard deviation of what two like days differ by in the log, apart from counting: assumed for
weights alone, so that one large campaign does not decide for all."""


def treated(experiment: str, campaigns: Sequence[bytes], days: Ints, block: int) -> Bools:
    """Return whose local day is one of the treatment, in a switchback.

    Parameters
    ----------
    experiment
        Its name.
    campaigns
        B names.
    days
        Shape (B,), days since the first one of the experiment, >= 0.
    block
        Days that a policy stays, >= 1.
    """
    turns = [
        turn(experiment, campaign, day, block)
        for campaign, day in zip(campaigns, days.tolist(), strict=True)
    ]
    return np.array(turns, dtype=np.bool_)


def turn(experiment: str, campaign: bytes, day: int, block: int) -> bool:
    """Return the same of one campaign's day."""
    pair, second = divmod(day // block, 2)
    return coin(experiment, campaign, pair) ^ bool(second)


def coin(experiment: str, campaign: bytes, pair: int) -> bool:
    """Return whether the treatment goes first in a pair of blocks: as often as not."""
    name = b"\0".join((experiment.encode(), campaign, str(pair).encode()))
    return bool(blake2b(name, digest_size=1).digest()[0] & 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What the days of one policy came to; arrays of shape (B, N), >= 0: campaigns, pairs."""

    amount: Floats
    """What is to be compared: conversions, or their value."""
    conversions: Floats
    cost: Floats | None = None
    """Where the amount is to be compared per unit of it."""


def log_ratios(treatment: Side, control: Side) -> Floats:
    """Return the log of what the treatment came to by the control, (B, N); NaN where nothing did.

    Half a conversion is added to both sides, so that a day without any is no infinite loss.
    """
    conversions = treatment.conversions + control.conversions
    amount = treatment.amount + control.amount
    told = (conversions > 0.0) & (amount > 0.0)
    half = 0.5 * np.where(told, amount, 1.0) / np.where(told, conversions, 1.0)
    # Half of the least number there is would be none.
    half = np.maximum(half, np.finfo(np.float64).tiny)
    ratio = np.log((treatment.amount + half) / (control.amount + half))
    if treatment.cost is not None and control.cost is not None:
        paid = (treatment.cost > 0.0) & (control.cost > 0.0)
        told &= paid
        ratio = ratio - np.log(
            np.where(paid, treatment.cost, 1.0) / np.where(paid, control.cost, 1.0)
        )
    return np.where(told, ratio, np.nan)


def together(ratios: Floats, conversions: Floats) -> Floats:
    """Return one observation per pair from all campaigns, (N,); NaN where none has any.

    Parameters
    ----------
    ratios
        Shape (B, N), as of `log_ratios`.
    conversions
        Shape (B, N), of both sides together: more of them weigh more, up to what days differ by
        anyway. Both sides count alike, so that weights favour none.
    """
    there = ~np.isnan(ratios)
    weight = np.where(there, conversions / (4.0 + 2.0 * DAY_SPREAD**2 * conversions), 0.0)
    total = weight.sum(axis=0)
    mean = (weight * np.where(there, ratios, 0.0)).sum(axis=0) / np.where(total > 0.0, total, 1.0)
    return np.where(total > 0.0, mean, np.nan)
