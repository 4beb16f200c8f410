"""Learns a campaign's market from its hours: the pacer's filter, and what money has bought."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import pacer
from engine.day_shapes import DayShapes, no_days, pooled
from engine.pacer import Pacing
from engine.response import ELASTICITY, Observed
from engine.what_if import Worth
from workers.errors import WorkerError
from workers.whatif.buying import expected_in_all, worth_of
from workers.whatif.gathering import Gathered
from workers.whatif.hour_table import HourTable, exponent_for, hours_of

LEAST_HOURS = 72
"""Hours with spend below which nothing is forecast: three days."""

LEAST_CONVERSIONS = 10
"""Conversions below which what money buys is not known to within a third."""

LEAST_SPEND = 0.01
"""Minor units below which an hour has bought nothing that a price could be told by."""

VARIED = 0.02
"""Standard deviation of log multipliers from which bids have varied."""

_ATTO = 1e18


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What an answer rests on."""

    days: int
    hours: int
    """Hours with spend."""
    conversions: float
    """As they are told."""
    expected: float
    """What they will have come to once all are told; hours that say nothing yet as they are."""
    varied: bool
    """Whether bids ever varied: else how spend answers them is assumed."""
    cut_off: float
    """Share of the hours that a budget cut off: what more there was to buy is not known of them."""
    restated: bool
    """Whether reports were restated, so that the delay of conversions was learned."""
    elasticity: float
    elasticity_sd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """One campaign's market; money in minor units."""

    pacing: Pacing
    shapes: DayShapes
    worth: Worth
    basis: Basis
    exponent: int
    next_day: int
    """The local day after that of the newest hour, days since 1970-01-01."""
    usual: float
    """Spend of a mean day."""


def fitted(given: Gathered) -> Fitted:
    """Return what the hours of a campaign teach.

    Raises
    ------
    WorkerError
        There is too little to go by.
    """
    _check_currency(given)
    exponent = exponent_for(given)
    hours = hours_of(given, exponent)
    heard, conversions = int((hours.spend >= LEAST_SPEND).sum()), float(hours.conversions.sum())
    if heard < LEAST_HOURS or conversions < LEAST_CONVERSIONS:
        raise WorkerError(
            f"campaign {given.key.decode()} has {heard} hours with spend and {conversions:g} "
            f"conversions in its log, too little to say what another budget would bring",
            remedy=f"it takes {LEAST_HOURS} hours and {LEAST_CONVERSIONS} conversions",
        )
    shapes = pooled(no_days())
    pacing = _lived(hours, shapes)
    return Fitted(
        pacing=pacing,
        shapes=shapes,
        worth=worth_of(given, hours, exponent),
        exponent=exponent,
        next_day=int(hours.days[-1]) + 1,
        usual=float(hours.spend.sum() * 24 / len(hours.spend)),
        basis=_basis(hours, pacing),
    )


def _basis(hours: HourTable, pacing: Pacing) -> Basis:
    response, heard = pacing.response, hours.spend > 0.0
    variance = float(response.covariance[0, ELASTICITY, ELASTICITY])
    return Basis(
        days=len(np.unique(hours.days)),
        hours=int(heard.sum()),
        conversions=float(hours.conversions.sum()),
        expected=expected_in_all(hours),
        varied=bool(hours.log_multiplier[heard].std() >= VARIED),
        cut_off=float(hours.capped.mean()),
        restated=bool((hours.mature < 1.0).any()),
        elasticity=float(response.mean[0, ELASTICITY]),
        elasticity_sd=float(np.sqrt(max(variance, 0.0))),
    )


def _check_currency(given: Gathered) -> None:
    ledger = given.campaign["currency"][0].decode()
    if given.plan is not None and ledger not in {"", given.plan.currency}:
        raise WorkerError(
            f"campaign {given.key.decode()} reports in {ledger}, and its plan is in "
            f"{given.plan.currency}",
            remedy="amounts in different currencies are never compared; mend the plan or reports",
        )


def _lived(hours: HourTable, shapes: DayShapes) -> Pacing:
    """Return what the filter knows after all hours; missing ones are passed as not reported."""
    mean = np.maximum(np.array([hours.spend[hours.spend > 0.0][:24].mean()]), 1e-9)
    pacing = pacer.start(shapes, mean, hours.log_multiplier[:1])
    index = hours.days * 24 + hours.cells % 24
    present = {int(at): row for row, at in enumerate(index)}
    for at in range(int(index[0]), int(index[-1]) + 1):
        row = present.get(at)
        pacing = pacer.learn_hour(pacing, shapes, _observed(hours, row, at))
    return pacing


def _observed(hours: HourTable, row: int | None, at: int) -> Observed:
    seen = 0 if row is None else row
    weekday = (at // 24 + 3) % 7
    return Observed(
        cells=np.array([24 * weekday + at % 24]),
        log_multiplier=hours.log_multiplier[seen : seen + 1],
        spend=hours.spend[seen : seen + 1],
        impressions=hours.impressions[seen : seen + 1],
        capped=hours.capped[seen : seen + 1],
        usable=np.array([row is not None]),
    )
