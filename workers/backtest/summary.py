"""What a contest came to, in a few numbers that no unit of money has a part in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import Floats
from workers.backtest.contest import OURS, Case, Outcome

KEPT: Final = 0.01
"""Mean share of a day's budget that may be spent beyond it by who counts as keeping to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A number and its interval over the draws."""

    p10: float
    p50: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one controller came to."""

    controller: str
    value: Range
    """Value over the best purchase of hindsight, mean over the campaigns."""
    use: float
    """Spend over budget, mean over campaigns and draws."""
    overspend: float
    """Most that any campaign-day spent above its budget, over the budget."""
    worst: float
    """Value over the best purchase of the campaign that fared worst."""
    worst_campaign: str
    conversions: Range | None
    """Expected, over the scored days; None where the log has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """How Pacekeeper stands to the best of the others that kept to their budgets."""

    best: str
    """The controller with the highest middle value."""
    ratio: Range
    """Pacekeeper's value over that one's."""
    ahead_in: float
    """Share of the draws in which Pacekeeper's is higher."""


def standings(case: Case, outcome: Outcome) -> list[Standing]:
    """Return what the controllers came to: Pacekeeper first, then by value."""
    found = [_standing(case, outcome, name) for name in outcome.value]
    return sorted(found, key=lambda each: (each.controller != OURS, -each.value.p50))


def lead(case: Case, outcome: Outcome) -> Lead | None:
    """Return how Pacekeeper stands to the best of the others; None where one side is missing.

    Value that was bought beyond a budget is none, so who overspends is no measure.
    """
    kept = [name for name in outcome.value if name == OURS or _beyond(case, outcome, name) <= KEPT]
    shares = {name: _shares(case, outcome, name).mean(axis=0) for name in kept}
    ours = shares.pop(OURS, None)
    if ours is None or not shares:
        return None
    best = max(shares, key=lambda name: float(np.median(shares[name])))
    ratio = ours / shares[best]
    return Lead(best=best, ratio=range_of(ratio), ahead_in=float((ratio > 1.0).mean()))


def _beyond(case: Case, outcome: Outcome, name: str) -> float:
    """Return the money that was spent above the days' budgets, over all of them."""
    budget = outcome.budget[:, :, None]
    over = np.maximum(outcome.spend[name] / budget - 1.0, 0.0)
    return float(over[np.broadcast_to(case.scored[:, None], over.shape)].mean())


def _standing(case: Case, outcome: Outcome, name: str) -> Standing:
    shares = _shares(case, outcome, name)
    counted = case.scored[:, None]
    value, spend = outcome.value[name] * counted, outcome.spend[name] * counted
    budgets = outcome.budget[:, :, None] * counted
    middle = np.median(shares, axis=1)
    over = (spend / outcome.budget[:, :, None] - 1.0).max()
    sold = (value.sum(axis=2) * outcome.conversions).sum(axis=0)
    return Standing(
        controller=name,
        value=range_of(shares.mean(axis=0)),
        use=float((spend.sum(axis=2) / budgets.sum(axis=2)).mean()),
        # What floating point adds is no money.
        overspend=float(over) if over > 1e-9 else 0.0,  # noqa: PLR2004
        worst=float(middle.min()),
        worst_campaign=case.campaigns[int(middle.argmin())],
        conversions=range_of(sold) if outcome.conversions.any() else None,
    )


def _shares(case: Case, outcome: Outcome, name: str) -> Floats:
    """Return value over the best purchase, (B, N)."""
    counted = case.scored[:, None]
    return np.asarray(
        (outcome.value[name] * counted).sum(axis=2) / (outcome.best * counted).sum(axis=2)
    )


def range_of(values: Floats) -> Range:
    """Return the middle of some values, and their tenth and ninetieth percentile."""
    p10, p50, p90 = np.quantile(values, (0.1, 0.5, 0.9)).tolist()
    return Range(p10=p10, p50=p50, p90=p90)
