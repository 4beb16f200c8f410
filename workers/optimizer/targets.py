"""The highest multipliers that keep campaigns' targets of cost per conversion, or of ROAS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from engine import delay
from engine.arrays import Floats, Ints
from engine.calendar import HOUR
from engine.ceiling import UNBOUND, Hours, ceiling, weigh
from engine.delay import Maturity
from engine.offsets import OFF
from engine.settings import MILLIONTHS
from schemas.money import to_minor
from schemas.topics import PRIORS
from workers.optimizer.books import Books
from workers.optimizer.delays import delays_of
from workers.optimizer.draft import Draft
from workers.optimizer.lived import Campaigns, ToldHours, settings_of
from workers.optimizer.pacing import hourly_budget
from workers.optimizer.plan_rows import TARGET, PlanBook
from workers.optimizer.tracking import HOURS, Kept, kept_hours, outages_of
from workers.optimizer.value_growth import Judged, value_shares


class Aimed(NamedTuple):
    """Campaigns of which some have targets."""

    values: Sequence[bytes]
    """The stored plans."""
    now: Ints
    """Shape (R,), the clock of the decision, in seconds."""
    accounts: Sequence[tuple[str, str]]
    """Platform and account."""


class _Targets(NamedTuple):
    cost_per_result: Floats
    worth: Floats
    revenue: Floats
    """Whether results are revenue, 1 or 0; shapes (R,)."""
    horizon: Floats
    """Days by which revenue counts; 0 where it counts when conversions do."""


def highest(
    draft: Draft, books: Books, aimed: Aimed, campaigns: Campaigns, offsets: Floats
) -> Floats:
    """Return log multipliers (R,), `engine.ceiling.UNBOUND` where a plan has no target.

    ``offsets`` (R, 168) are those of the hours of the week.
    """
    found = np.full(len(aimed.values), UNBOUND)
    rows = np.flatnonzero(campaigns.plans["detailed"] & TARGET)
    if rows.size:
        chosen = rows.tolist()
        accounts = [aimed.accounts[i] for i in chosen]
        some = Aimed([aimed.values[i] for i in chosen], aimed.now[rows], accounts)
        found[rows] = _ceilings(draft, books, some, campaigns.part(rows), offsets[rows])
    return found


def _ceilings(
    draft: Draft, books: Books, aimed: Aimed, campaigns: Campaigns, offsets: Floats
) -> Floats:
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    taught = books.delays.taught(latest, aimed.accounts)
    share = delay.mature(delays_of(draft, campaigns.keys), taught)
    kept = kept_hours(draft, campaigns, HOURS)
    starts, told = kept.starts, kept.told
    # Where conversions may not be counted any more, that there are few says nothing yet.
    found = outages_of(draft, campaigns.keys, kept, share)
    ages = (found.judged_at(starts, aimed.now)[:, None] - starts - HOUR) / HOUR
    targets = _targets(books.plans, campaigns, aimed.values, told)
    maturity = _maturity(draft, campaigns, share, ages, targets)
    results = np.where(targets.revenue[:, None] > 0.0, told.revenue, told.conversions)
    usable = (told.usable & ~kept.out & ~found.hours(HOURS)).astype(np.float64)
    lived = Hours(
        cost=usable * told.spend,
        log_multiplier=_common(draft, campaigns, kept, offsets),
        conversions=usable * told.conversions,
        results=usable * results,
    )
    evidence = weigh(lived, maturity, ages)
    return ceiling(evidence, targets.cost_per_result, targets.worth).log_multiplier


def _maturity(
    draft: Draft, campaigns: Campaigns, share: Maturity, ages: Floats, targets: _Targets
) -> Floats:
    """Return the share (R, H) of what hours' clicks will bring that is told by now."""
    maturity = share.at(ages)
    rows = np.flatnonzero(targets.horizon > 0.0)
    if rows.size:
        judged = Judged(
            keys=[campaigns.keys[i] for i in rows.tolist()],
            order=targets.worth[rows],
            conversions=Maturity(logs=share.logs[rows]),
            ages=ages[rows],
            horizon=targets.horizon[rows],
        )
        maturity[rows] = value_shares(draft, judged)
    return maturity


def _common(draft: Draft, campaigns: Campaigns, kept: Kept, offsets: Floats) -> Floats:
    """Return the common log multiplier of hours (R, H): what was in force less the offset.

    What an hour's clicks are worth is in its results: a higher bid for it makes none dearer.
    """
    found = settings_of(draft, campaigns, kept.starts, kept.told.usable)
    multiplier = found["multiplier"]
    bids = np.log(np.where(multiplier > 0, multiplier, MILLIONTHS) / MILLIONTHS)
    own = np.take_along_axis(offsets, kept.cells, axis=1)
    return np.asarray(bids - np.where((multiplier > 0) & (own > OFF), own, 0.0))


def _targets(
    book: PlanBook, campaigns: Campaigns, values: Sequence[bytes], told: ToldHours
) -> _Targets:
    """Return what a result may cost, and what one conversion is worth, minor units."""
    orders = told.conversions.sum(axis=1)
    seen = np.divide(told.revenue.sum(axis=1), orders, out=np.zeros(len(orders)), where=orders > 0)
    guess = hourly_budget(campaigns.plans)
    cost, worth = np.ones(len(values)), np.ones(len(values))
    revenue, horizon = np.zeros(len(values)), np.zeros(len(values))
    for i, value in enumerate(values):
        plan = book.plan(value)
        if plan.target_roas is not None:
            # Where orders are not known yet, chance is given what two mean hours cost.
            usual = to_minor(plan.avg_order_value, plan.currency) if plan.avg_order_value else 0
            cost[i], revenue[i] = 1.0 / plan.target_roas, 1.0
            worth[i] = seen[i] or usual or guess[i] * plan.target_roas
            horizon[i] = plan.value_horizon_days or 0
        elif plan.target_cpa is not None:
            cost[i] = to_minor(plan.target_cpa, plan.currency)
    return _Targets(cost, worth, revenue, horizon)
