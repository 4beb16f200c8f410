"""Advice to tell platforms of events: when clicks convert otherwise, when days may spend more.

Only events that say so are told, and only before they begin. A person is asked, once a local day,
whatever the plan's autonomy: what is wrong lets the platform bid or spend wrong for days. What was
told and is not in the plan any more is advised to be taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from engine.calendar import HOUR
from schemas import Explanation, Kind, Plan, Priority, Recommendation, Risk
from schemas.fields import Status
from schemas.levers import BUDGET_INCREASE, CURRENCY_UNIT, MULTIPLIER_UNIT, SEASONALITY
from schemas.topics import RECOMMENDATIONS
from workers.allocator.releasing import ADVICE_ID, NOT_YET, identified, written
from workers.instants import from_seconds
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.foretold import Foretold, Window, foretold_of
from workers.optimizer.local_days import end_of_day
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.tables import PLANS, proposed_key

AHEAD: Final = timedelta(days=14) // timedelta(seconds=1)
"""Seconds before its beginning from which an event is told."""

_NOTHING: Final = {SEASONALITY: Decimal(1), BUDGET_INCREASE: Decimal(0)}
"""What is in force where a platform was told nothing."""
_UNITS: Final = {SEASONALITY: MULTIPLIER_UNIT, BUDGET_INCREASE: CURRENCY_UNIT}
_ROW: Final = msgspec.msgpack.Decoder(list[tuple[str, int, int, int]])


class _Wish(NamedTuple):
    """A window of which something else is to be told than is."""

    window: Window
    value: Decimal
    told: Decimal
    name: str
    """Of the event; empty where the plan has none any more."""


def foretell(draft: Draft, books: Books, now: int) -> None:
    """Propose what platforms are to be told of at ``now``, in seconds, and are not."""
    for plan in list(_plans(draft, books)):
        if plan.status is Status.ACTIVE:
            _foretell(draft, plan, now)


def _plans(draft: Draft, books: Books) -> Iterator[Plan]:
    """Yield the plans that tell of events, and those that did once."""
    stored = draft.view.table(PLANS)
    asking = {plan.key: plan for plan in books.asking.plans(stored)}
    for key, value in stored.items():
        if key in asking:
            yield asking[key]
        elif draft.read(proposed_key(key)) is not None:
            yield books.plans.plan(value)


def _foretell(draft: Draft, plan: Plan, now: int) -> None:
    key = proposed_key(plan.key)
    value = draft.read(key)
    stored = _ROW.decode(value) if value else []
    rows = ((Window(field, start, end), until) for field, start, end, until in stored)
    before = {window: until for window, until in rows if until > now}
    asked = dict(before)
    for wish in _wishes(plan, foretold_of(draft, plan.key), now):
        if wish.window not in before:
            asked[wish.window] = min(end_of_day(plan, now), wish.window.start)
            told = _advice(draft.policy, plan, wish, (now, asked[wish.window]))
            draft.publish(RECOMMENDATIONS, plan.key, written(told, ADVICE_ID), now)
            draft.count("decisions", told.kind.value)
    if len(asked) > len(before):
        draft.writes[key] = msgspec.msgpack.encode([(*each, asked[each]) for each in asked])


def _wishes(plan: Plan, told: Foretold, now: int) -> Iterator[_Wish]:
    wanted = {window: (value, name) for window, value, name in _wanted(plan)}
    for window in sorted(wanted.keys() | told.keys()):
        nothing = _NOTHING[window.field]
        value, name = wanted.get(window, (nothing, ""))
        present = told.get(window, nothing)
        if now < window.start <= now + AHEAD and value != present:
            yield _Wish(window, value, present, name)


def _wanted(plan: Plan) -> Iterator[tuple[Window, Decimal, str]]:
    """Yield what the plan has its events told as."""
    for event in plan.calendar:
        times = int(event.start.timestamp()), int(event.end.timestamp())
        if event.conversion_rate_lift is not None:
            yield Window(SEASONALITY, *times), Decimal(str(event.conversion_rate_lift)), event.name
        if event.budget_increase is not None:
            yield Window(BUDGET_INCREASE, *times), event.budget_increase, event.name


def _advice(
    policy: OptimizerPolicy, plan: Plan, wish: _Wish, valid: tuple[int, int]
) -> Recommendation:
    (now, until), field = valid, wish.window.field
    return identified(
        Recommendation(
            platform=plan.platform,
            account_id=plan.account_id,
            campaign_id=plan.campaign_id,
            recommendation_id=NOT_YET,
            kind=Kind.CALENDAR,
            hour=from_seconds(now - now % HOUR),
            entity_id=plan.campaign_id,
            field=field,
            current_value=wish.told,
            recommended_value=wish.value,
            change=wish.value - wish.told,
            unit=_UNITS[field],
            currency=plan.currency if field == BUDGET_INCREASE else None,
            window_start=from_seconds(wish.window.start),
            window_end=from_seconds(wish.window.end),
            confidence=1.0,
            priority=Priority.MEDIUM,
            risk=Risk.MEDIUM,
            reasons=(_reason(wish, plan.currency),),
            decided_at=from_seconds(now),
            valid_from=from_seconds(now),
            expires_at=from_seconds(until),
            model_version=policy.model_version,
            plan_version=plan.version,
        )
    )


def _reason(wish: _Wish, currency: str) -> Explanation:
    start, end = from_seconds(wish.window.start), from_seconds(wish.window.end)
    when = f"from {start:%Y-%m-%d %H:%M}Z to {end:%Y-%m-%d %H:%M}Z"
    if not wish.name:
        text = f"The plan has no event {when} any more: take back what the platform was told of it."
        return Explanation(code="event_gone", text=text)
    if wish.window.field == BUDGET_INCREASE:
        text = f"{wish.name}: {when} a day is to spend {wish.value:f} {currency} more than usual."
        return Explanation(code="event_planned", text=text)
    text = f"{wish.name}: {when} clicks are to convert {wish.value:f} times as often as usual."
    return Explanation(code="event_planned", text=f"{text} Let the platform bid for it.")
