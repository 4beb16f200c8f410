"""From a wanted bid to the recommendation that advises it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.intervals import Interval
from schemas import Entity as EntityKind
from schemas import Impact, Kind, MoneyRange, Priority, Range, Recommendation, Risk
from schemas.levers import BID, BID_UNIT
from schemas.money import exponent_of, from_minor
from workers.adviser.bid_account import Account
from workers.adviser.bid_lessons import Lessons
from workers.adviser.bid_multiplying import DIGITS, Multiplied
from workers.adviser.bid_rails import may_go, rails
from workers.adviser.bid_reasons import reasons
from workers.adviser.bid_wanting import Entity, Wanted
from workers.allocator.releasing import NOT_YET, identified

LASTS: Final = timedelta(days=1)
"""How long advice holds: the next closed day says more. Its impact is of as long."""

_LARGE, _SOME = 0.25, 0.1
"""Shares of the bid from which a change is of high or of medium priority, if it is likely right."""

_SURE, _LIKELY, _EVEN = 0.9, 0.8, 0.5
_MOST: Final = 10**17


def advice(
    account: Account, which: tuple[Entity, int], found: Wanted, lessons: Lessons, beside: Multiplied
) -> Recommendation:
    """Return the recommendation of an entity, the given row of what was found."""
    entity, row = which
    bid = entity.amount(float(found.bids.bid[row]))
    sure = round(float(found.gains.confidence[row]), DIGITS)
    bidder = account.bidders[entity.campaign]
    unsure_cut = bidder.as_told and bid < entity.bid
    checks = rails(entity, int(found.bids.reason[row]), bid, sure, unsure_cut=unsure_cut)
    change = bid - entity.bid
    share = abs(float(change / entity.bid))
    made = replace(
        _blank(account, entity),
        current_value=entity.bid,
        recommended_value=bid,
        change=change,
        change_pct=round(float(100 * change / entity.bid), 2),
        expected_impact=_impact(entity, row, found, lessons),
        confidence=sure,
        priority=_priority(share, sure),
        risk=Risk.HIGH if unsure_cut else _risk(entity, sure),
        bid_multipliers=beside.factors,
        reasons=tuple(reasons((bidder, entity, row), found, lessons, beside)),
        guardrails=checks,
        auto_execute=may_go(checks),
    )
    return identified(made)


def _blank(account: Account, entity: Entity) -> Recommendation:
    """Return what all advice on a bid has in common."""
    bidder, now = account.bidders[entity.campaign], account.now
    kind = EntityKind.CAMPAIGN if entity.ad_set is None else EntityKind.AD_SET
    return Recommendation(
        platform=bidder.platform,
        account_id=bidder.account_id,
        campaign_id=bidder.campaign_id,
        recommendation_id=NOT_YET,
        kind=Kind.BID,
        hour=now.replace(minute=0, second=0, microsecond=0),
        entity=kind,
        entity_id=entity.ad_set or bidder.campaign_id,
        field=BID,
        recommended_value=entity.bid,
        unit=BID_UNIT,
        currency=entity.terms.currency,
        decided_at=now,
        valid_from=now,
        expires_at=now + LASTS,
        supersedes=bidder.previous.get(entity.ad_set),
        model_version=account.model_version,
        plan_version=entity.terms.plan_version,
        inputs=dict(sorted(bidder.inputs.items())),
        state_digest=bidder.state_digest,
    )


def _impact(entity: Entity, row: int, found: Wanted, lessons: Lessons) -> Impact | None:
    """Return what a day at the new bid is expected to bring; None where no click came lately."""
    if found.clicks[row] <= 0.0:
        return None
    gains, value = found.gains, float(lessons.value[entity.campaign])
    made, currency = _limits(gains.conversions, row), entity.terms.currency
    return Impact(
        conversions=_range(made),
        revenue=_money([value * each for each in made], currency) if value > 0.0 else None,
        cpa=_money(_limits(gains.cost, row), currency),
        gain=_money(_limits(gains.gain, row), currency),
    )


def _limits(interval: Interval, row: int) -> list[float]:
    return [float(each[row]) for each in (interval.low, interval.middle, interval.high)]


def _range(values: list[float]) -> Range:
    low, middle, high = (round(each, DIGITS) for each in values)
    return Range(p10=low, p50=middle, p90=high)


def _money(values: list[float], currency: str) -> MoneyRange:
    low, middle, high = (_amount(each, currency) for each in values)
    return MoneyRange(p10=low, p50=middle, p90=high)


def _amount(money: float, currency: str) -> Decimal:
    minor = money * 10.0 ** exponent_of(currency)
    return from_minor(round(min(max(minor, -_MOST), _MOST)), currency)


def _priority(share: float, sure: float) -> Priority:
    if share >= _LARGE and sure >= _SURE:
        return Priority.HIGH
    return Priority.MEDIUM if share >= _SOME and sure >= _LIKELY else Priority.LOW


def _risk(entity: Entity, sure: float) -> Risk:
    """Return what may go wrong: the less is known the more, and where pacing must learn anew."""
    if sure < _EVEN:
        return Risk.HIGH
    return Risk.MEDIUM if sure < _LIKELY or entity.terms.paced else Risk.LOW
