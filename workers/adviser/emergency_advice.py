"""From a change that is sure to the cut of a bid, with its end in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from math import exp
from typing import Final

from engine.bid_emergency import LASTS, RETURNS, Change, Emergency, an_hour_later, answered, calm
from engine.rate_cells import UNKNOWN
from schemas import (
    Bid,
    BidTerms,
    Explanation,
    GuardrailCheck,
    GuardrailStatus,
    Kind,
    Priority,
    Recommendation,
    Return,
    Risk,
    parse_campaign_key,
)
from schemas import Entity as EntityKind
from schemas.fields import Autonomy
from schemas.levers import BID, BID_UNIT
from workers.adviser.bid_account import Standing
from workers.adviser.bid_wanting import Entity
from workers.adviser.emergency_hours import LOOKED_AT, Moment
from workers.allocator.releasing import NOT_YET, identified
from workers.instants import from_seconds

OPEN: Final = timedelta(hours=2)
"""How long the advice may be followed: later the hours have said something else."""

MOST_AD_SETS: Final = 5
"""Ad sets whose bids are cut at once, those that spent most: each step back waits by itself."""

DURATION: Final = timedelta(hours=LASTS + RETURNS)
"""After it nothing of a cut is left."""

_SENTENCES: Final = {
    "spend_rose": "In the last {hours} h {times:.1f} times what is usual or planned was spent",
    "click_cost_rose": "In the last {hours} h clicks cost {times:.1f} times what is usual",
    "conversions_fell": "In the last {hours} h a conversion cost {times:.1f} times what is usual, "
    "as far as conversions are reported by now",
}
_HOUR: Final = timedelta(hours=1)
_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A change that is sure: of one campaign, with the code of its reason."""

    code: str
    change: Change

    @property
    def confidence(self) -> float:
        """One minus the chance that any of the windows looks like this by itself."""
        return max(1.0 - LOOKED_AT * exp(-float(self.change.evidence[0]) / 2.0), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What all advice on one emergency has in common."""

    moment: Moment
    terms: BidTerms
    found: Found
    model_version: str
    inputs: dict[str, int]
    state_digest: str


def entities(moment: Moment, terms: BidTerms, spent: dict[str, int]) -> Iterator[Entity]:
    """Yield whose bids are cut: ad sets that reports name, or else the campaign itself."""
    most = sorted(spent, key=lambda each: (-spent[each], each))[:MOST_AD_SETS]
    named: list[str | None] = [*most]
    for ad_set in named or [None]:
        own = terms.ad_sets.get(ad_set) if ad_set is not None else None
        bounds = (own.bid if own else None) or terms.bid or Bid()
        told = moment.in_force.bid_of(ad_set, moment.reported_since) or moment.reported
        bid = Decimal(told) if told else bounds.base
        if bid:
            yield Entity(
                campaign=0,
                code=UNKNOWN,
                ad_set=ad_set,
                terms=terms,
                standing=Standing(bid=bid),
                bid=bid,
                bounds=bounds,
                protected=terms.protected or bool(own and own.protected),
                learning=False,
            )


def advice(occasion: Occasion, entity: Entity) -> Recommendation | None:
    """Return the cut of an entity's bid; None where its lowest bid leaves nothing to cut."""
    emergency = answered(calm(1), occasion.found.change)
    cut = _part(entity, float(emergency.now[0]))
    if cut >= entity.bid:
        return None
    back = tuple(_returns(entity, emergency, occasion))
    return identified(_record(occasion, entity, cut, back))


def _record(
    occasion: Occasion, entity: Entity, cut: Decimal, back: tuple[Return, ...]
) -> Recommendation:
    key = parse_campaign_key(occasion.moment.campaign)
    now = from_seconds(occasion.moment.now)
    checks = _rails(occasion, entity, cut)
    return Recommendation(
        **key._asdict(),
        recommendation_id=NOT_YET,
        kind=Kind.EMERGENCY,
        hour=from_seconds(occasion.moment.start),
        entity=EntityKind.CAMPAIGN if entity.ad_set is None else EntityKind.AD_SET,
        entity_id=entity.ad_set or key.campaign_id,
        field=BID,
        current_value=entity.bid,
        recommended_value=cut,
        change=cut - entity.bid,
        change_pct=round(float(100 * (cut - entity.bid) / entity.bid), 2),
        unit=BID_UNIT,
        currency=occasion.terms.currency,
        returns=back,
        confidence=round(occasion.found.confidence, _DIGITS),
        priority=Priority.CRITICAL,
        risk=Risk.LOW,
        reasons=(_reason(occasion),),
        guardrails=checks,
        auto_execute=all(each.status is not GuardrailStatus.BLOCKED for each in checks),
        decided_at=now,
        valid_from=now,
        expires_at=now + OPEN,
        model_version=occasion.model_version,
        plan_version=occasion.terms.plan_version,
        inputs=occasion.inputs,
        state_digest=occasion.state_digest,
    )


def _part(entity: Entity, factor: float) -> Decimal:
    """Return a part of the bid in whole steps, not below the lowest bid and not above the bid."""
    step = entity.step
    whole = (entity.bid * Decimal(str(factor)) / step).to_integral_value(ROUND_FLOOR) * step
    return min(max(whole, _lowest(entity)), entity.bid)


def _lowest(entity: Entity) -> Decimal:
    least = entity.bounds.min or entity.step
    return (least / entity.step).to_integral_value(ROUND_CEILING) * entity.step


def _returns(entity: Entity, emergency: Emergency, occasion: Occasion) -> Iterator[Return]:
    """Yield the way back, hour by hour, to the bid as it was, or to the plan's highest."""
    at = from_seconds(occasion.moment.now)
    highest = entity.bid if entity.bounds.max is None else min(entity.bid, entity.bounds.max)
    value = _part(entity, float(emergency.now[0]))
    while emergency.left[0] > 0:
        emergency, at, before = an_hour_later(emergency), at + _HOUR, value
        over = emergency.left[0] == 0
        value = highest if over else min(_part(entity, float(emergency.now[0])), highest)
        if value != before:
            yield Return(at=at, value=value)


def _reason(occasion: Occasion) -> Explanation:
    found = occasion.found
    hours, times = int(found.change.hours[0]), float(found.change.times[0])
    until = from_seconds(occasion.moment.now) + DURATION
    text = _SENTENCES[found.code].format(hours=hours, times=times)
    return Explanation(
        code=found.code,
        text=f"{text}. The bid returns by itself until {until:%a %H:%M}Z.",
        evidence={
            "hours": hours,
            "times": round(times, _DIGITS),
            "evidence": round(float(found.change.evidence[0]), _DIGITS),
        },
    )


def _rails(occasion: Occasion, entity: Entity, cut: Decimal) -> tuple[GuardrailCheck, ...]:
    terms = occasion.terms
    clamped = cut > entity.bid * Decimal(
        str(float(answered(calm(1), occasion.found.change).now[0]))
    )
    held = GuardrailCheck(name="min_bid", status=GuardrailStatus.CLAMPED, limit=cut)
    return (
        held if clamped else GuardrailCheck(name="min_bid", status=GuardrailStatus.PASSED),
        _blocks("min_confidence", blocked=occasion.found.confidence < terms.min_confidence),
        _blocks("protected", blocked=entity.protected),
        _blocks("autonomy", blocked=terms.autonomy is not Autonomy.AUTO),
    )


def _blocks(name: str, *, blocked: bool) -> GuardrailCheck:
    status = GuardrailStatus.BLOCKED if blocked else GuardrailStatus.PASSED
    return GuardrailCheck(name=name, status=status)
