"""What the pacer does where no emergency is raised, for it moves the bids itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.arrays import Floats
from workers.backtest.contest import Part
from workers.backtest.contract import Task
from workers.backtest.pacekeeper import Pacekeeper
from workers.backtest.simulated import Simulated, simulated_case

DAYS, CAMPAIGNS = 5, 8
CHANGED = 24 * 3 + 10
"""Hour of which a tenth is as ever: then a click costs three times what it did, for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    spend: Floats
    """Shape (B, hours), as `multiplier`."""
    multiplier: Floats


def charged(hour: int) -> float:
    """Return how many times the usual is charged in an hour."""
    return 1.0 if hour < CHANGED else 2.8 if hour == CHANGED else 3.0


def play(part: Part, *, changed: bool) -> Played:
    """Return what the pacer makes of all hours, each day within its budget."""
    controller = Pacekeeper(Task(budget=part.budget, multiplier=part.first), part.shapes)
    spend, multipliers, left = [], [], part.budget
    for hour in range(24 * DAYS):
        left = part.budget if hour % 24 == 0 else left
        multiplier, cap = controller.decide(hour)
        times = charged(hour) if changed else 1.0
        most = np.minimum(cap, left)
        found = part.market.play(hour, multiplier, most / times)
        found = replace(found, spend=np.minimum(times * found.spend, most))
        left = np.maximum(left - found.spend, 0.0)
        controller.learn(hour, found)
        spend.append(found.spend)
        multipliers.append(multiplier)
    return Played(spend=np.array(spend).T, multiplier=np.array(multipliers).T)


def test_clicks_of_three_times_the_cost_are_answered_from_the_next_hour_on() -> None:
    (part,) = simulated_case(Simulated(campaigns=CAMPAIGNS, days=DAYS, worlds=1, seed=1)).parts()
    calm, found = play(part, changed=False), play(part, changed=True)
    after = slice(CHANGED, CHANGED + 8)
    bids = np.median(found.multiplier[:, after] / calm.multiplier[:, after], axis=0)
    spend = np.median(found.spend[:, after] / calm.spend[:, after], axis=0)

    assert bids[0] == 1.0
    assert (np.diff(bids[:5]) < 0.0).all()
    assert spend[0] > 2.5
    assert max(spend[6:]) < 1.25
    by_day = found.spend.reshape(CAMPAIGNS, DAYS, 24).sum(axis=2)
    assert (by_day <= part.budget[:, None] * (1.0 + 1e-9)).all()
