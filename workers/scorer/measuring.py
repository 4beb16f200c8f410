"""From a projection and the hours of its stretch to the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np

from engine.arrays import Floats
from engine.outcomes import Judged, Matured, gain, judge, matured
from schemas import Kind, Measured, Outcome, Verdict, parse_campaign_key
from schemas.currencies import EXPONENTS
from workers.instants import from_seconds
from workers.scorer.campaign import Campaign
from workers.scorer.policy import HOUR, ScorerPolicy
from workers.scorer.rows import Percentiles, Projection
from workers.scorer.stretches import Stretch
from workers.scorer.wording import in_words

_DIGITS: Final = 6
_PER_DAY: Final = frozenset({"conversions", "revenue"})
"""Sums, which are less over a part of the stretch; ratios are not."""

_SIDES: Final = {-1: Verdict.LESS, 0: Verdict.AS_PROJECTED, 1: Verdict.MORE}
_COUNTS: Final = ("spend", "conversions", "revenue")
_BY_VALUE: Final = ("spend", "revenue", "roas", "conversions", "cpa")
_BY_COUNT: Final = ("spend", "conversions", "cpa", "revenue", "roas")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at one projection."""

    campaign: Campaign
    one: Projection
    effective: int
    """From when on it counts: it was applied, and its time had come."""
    horizon: int
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What the hours of a stretch come to."""

    spend: Decimal
    conversions: Decimal
    revenue: Decimal
    matured: Matured
    missing: int
    """Hours that nobody has reported."""

    def number(self, name: str) -> float | None:
        """Return a number as it is once all is reported; None where it divides by nothing."""
        spend, won = float(self.spend), float(self.matured.conversions[0])
        earned = float(self.matured.revenue[0])
        match name:
            case "cpa":
                return spend / won if won > 0.0 else None
            case "roas":
                return earned / spend if spend > 0.0 else None
            case _:
                return {"spend": spend, "conversions": won, "revenue": earned}[name]


def outcome_of(policy: ScorerPolicy, look: Look, stretch: Stretch) -> Outcome | None:
    """Return the outcome of one look, as its first version.

    None where nothing that was projected can be measured, such as a cost without conversions.

    Raises
    ------
    SchemaError
        No record can say it: numbers are too large.
    """
    said = _said(look)
    if stretch.overtaken:
        text = in_words(look.horizon, look.one.currency, Verdict.OVERTAKEN, None)
        return Outcome(**said, verdict=Verdict.OVERTAKEN, text=text)
    sums = _sums(look, stretch.start, stretch.end)
    measured = _measured(look.one, stretch, sums)
    if not measured:
        return None
    measure = _primary(look.one, measured)
    verdict, shown = measured[measure].verdict, (measure, measured[measure])
    text = in_words(look.horizon, look.one.currency, verdict, shown)
    return Outcome(
        **(said | measured | _reported(stretch, sums)),
        verdict=verdict,
        measure=measure,
        text=text,
        provisional=_is_provisional(policy, measured, sums),
        gain=_gain(look, stretch, sums),
    )


def _reported(stretch: Stretch, sums: Sums) -> dict[str, Any]:
    return {
        "measured_from": from_seconds(stretch.start),
        "measured_until": from_seconds(stretch.end),
        "hours_missing": sums.missing,
        "reported_spend": sums.spend,
        "reported_conversions": sums.conversions,
        "reported_revenue": sums.revenue,
        "maturity": round(float(sums.matured.share[0]), _DIGITS),
    }


def _sums(look: Look, start: int, end: int) -> Sums:
    """Return what hours from ``start`` to ``end`` come to."""
    hours = look.campaign.hours(start, end)
    found = list(hours.values())
    ages = np.array([[max(look.now - second - HOUR, 0) / HOUR for second in hours]])
    columns = (_row([getattr(hour, name) for hour in found]) for name in _COUNTS)
    return Sums(
        spend=sum((hour.spend for hour in found), Decimal(0)),
        conversions=sum((hour.conversions for hour in found), Decimal(0)),
        revenue=sum((hour.revenue for hour in found), Decimal(0)),
        matured=matured(look.campaign.maturity, ages.reshape(1, -1), *columns),
        # Where the quarter changes at which reports begin their hours, a day may touch one more.
        missing=max((end - start) // HOUR - len(found), 0),
    )


def _row(amounts: Sequence[Decimal]) -> Floats:
    return np.array([[float(amount) for amount in amounts]], dtype=np.float64).reshape(1, -1)


def _said(look: Look) -> dict[str, Any]:
    platform, account, campaign = parse_campaign_key(look.campaign.key)
    one = look.one
    return {
        "platform": platform,
        "account_id": account,
        "campaign_id": campaign,
        "recommendation_id": one.id.hex(),
        "kind": Kind(one.kind),
        "field": one.field,
        "horizon_days": look.horizon,
        "version": 1,
        "confidence": one.confidence,
        "currency": one.currency or None,
        "plan_version": one.plan_version,
        "effective_from": from_seconds(look.effective),
        "told_at": from_seconds(look.now),
    }


def _measured(one: Projection, stretch: Stretch, sums: Sums) -> dict[str, Measured]:
    """Return the numbers that were projected, beside what they came to."""
    found = {name: sums.number(name) for name in one.ranges}
    names = [name for name, number in found.items() if number is not None]
    if not names:
        return {}
    ranges = [_scaled(name, one.ranges[name], stretch.part) for name in names]
    realised = np.array([found[name] for name in names], dtype=np.float64)
    percentiles = np.array([[float(each) for each in three] for three in ranges])
    unit = 10.0 ** -EXPONENTS.get(one.currency, 2)
    slack = np.array([unit if name in {"spend", "revenue", "cpa"} else 1e-6 for name in names])
    judged = judge(percentiles, realised, slack)
    return {
        name: _one(ranges[row], float(realised[row]), judged, row) for row, name in enumerate(names)
    }


def _one(three: Percentiles, realised: float, judged: Judged, row: int) -> Measured:
    error = round(100.0 * float(judged.error[row]), 2) if judged.measurable[row] else None
    return Measured(
        p10=three[0],
        p50=three[1],
        p90=three[2],
        realised=Decimal(repr(round(realised, _DIGITS))),
        error_pct=error,
        verdict=_SIDES[int(judged.side[row])],
    )


def _scaled(name: str, three: Percentiles, part: float) -> Percentiles:
    if name not in _PER_DAY or part == 1.0:
        return three
    low, middle, high = (Decimal(repr(round(float(each) * part, _DIGITS))) for each in three)
    return low, middle, high


def _primary(one: Projection, measured: Mapping[str, Measured]) -> str:
    order = _BY_VALUE if one.by_value else _BY_COUNT
    return next(name for name in order if name in measured)


def _is_provisional(policy: ScorerPolicy, measured: Mapping[str, Measured], sums: Sums) -> bool:
    only_spend = bool(measured) and measured.keys() <= {"spend"}
    young = not only_spend and float(sums.matured.share[0]) < policy.mature
    return young or sums.missing > 0


def _gain(look: Look, stretch: Stretch, after: Sums) -> Decimal | None:
    """Return what a change gained against as long a stretch before it; None where not known."""
    if look.one.price is None:
        return None
    before = _sums(look, stretch.before, stretch.start)
    if before.missing or after.missing:
        return None
    name = "revenue" if look.one.by_value else "conversions"
    value = np.array([[before.number(name), after.number(name)]], dtype=np.float64)
    spend = np.array([[before.number("spend"), after.number("spend")]], dtype=np.float64)
    found = gain(value, spend, np.array([look.one.price]))
    return Decimal(repr(round(float(found[0]), _DIGITS)))
