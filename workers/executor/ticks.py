"""Ticks: what has waited long enough goes on, what has waited too long is closed; each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from schemas import topics
from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.tick import Tick
from workers.delivery.api import Record, Step, View
from workers.executor import entries
from workers.executor.approving import given_to, lapsing
from workers.executor.draft import Draft
from workers.executor.entries import expired, rejected
from workers.executor.holding import was_answered as was_answered_by_plan
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import HELD, expiry, may_be_due
from workers.executor.ruling import UNKNOWN, was_answered
from workers.executor.tables import (
    ACTIONS,
    CLOCK,
    DECISIONS,
    RECOMMENDATIONS,
    TICKS,
    clock_of,
    held_for,
    in_force,
    proposed_for,
    said_about,
)
from workers.instants import to_ms

_UNKNOWN_PLAN = rejected(
    "unknown_plan",
    "policy has released it, but no plan of the campaign says what policy may do: publish one",
)


def ticks_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Close what was due between the last tick and the latest of these.

    Ticks that cannot be read, or that are ahead of their own timestamp, are the optimizer's to
    put aside: it reads the same topic, and one mistake is to be one dead letter.
    """
    draft = Draft(policy, view, TICKS)
    since = clock_of(view)
    now = max((time for record in records if (time := _time_of(draft, record))), default=0)
    if now > since:
        _close_proposals(draft, since, now)
        _close_waiting(draft, since, now)
        _end_holds(draft, since, now)
        draft.writes[CLOCK] = now.to_bytes(8, "big")
    return draft.done()


def _time_of(draft: Draft, record: Record) -> int:
    """Return the tick's time in milliseconds; 0 when it is not to be believed."""
    try:
        tick = decode(record.value or b"", Tick)
    except SchemaError:
        draft.count("ignored", record.topic, "unreadable")
        return 0
    if tick.partition != draft.view.partition:
        draft.count("ignored", record.topic, "other_partition")
        return 0
    # In milliseconds: the publisher's clock may show what is no date.
    if to_ms(tick.time) - draft.policy.clock_tolerance_ms > record.timestamp:
        draft.count("ignored", record.topic, "ahead_of_its_time")
        return 0
    return to_ms(tick.time)


def _close_proposals(draft: Draft, since: int, now: int) -> None:
    for campaign in _due(draft.view.table(RECOMMENDATIONS), since, now):
        said = said_about(draft.view, campaign)
        proposed = proposed_for(draft.view, campaign)
        for advice in proposed.open:
            decided = said.ruling_on(advice.recommendation_id) is not None
            if since < expiry(advice) <= now and not decided:
                detail = "nobody has decided in time; wait for the next recommendation"
                given = given_to(advice, proposed.counted, said.counted)
                finding = lapsing(expired("expired", detail), given)
                entries.of_recommendation(draft, advice, now, finding)


def _close_waiting(draft: Draft, since: int, now: int) -> None:
    for campaign in _due(draft.view.table(DECISIONS), since, now):
        proposals = proposed_for(draft.view, campaign)
        for waiting in said_about(draft.view, campaign).waiting:
            if since < waiting.until <= now and not was_answered(proposals, waiting):
                entries.of_decision(draft, waiting.decision, now, UNKNOWN)


def _end_holds(draft: Draft, since: int, now: int) -> None:
    """Release what is valid now, and give up on what no plan has come for."""
    table = draft.view.table(ACTIONS)
    held = {key[1:]: row for key, row in table.items() if key.startswith(HELD)}
    for campaign in _due(held, since, now):
        for one in held_for(draft.view, campaign).held:
            if not since < one.until <= now:
                continue
            if not one.for_plan:
                draft.publish(topics.ACTIONS, one.action, at=now)
            elif not was_answered_by_plan(draft.view, one):
                found = in_force(draft.view, campaign).value_for(one.action)
                finding = _UNKNOWN_PLAN._replace(before=found, after=found)
                entries.of_action(draft, one.action, now, finding)


def _due(table: Mapping[bytes, bytes], since: int, now: int) -> Iterable[bytes]:
    """Return the campaigns that something may be due for, always in the same order."""
    return sorted(campaign for campaign, row in table.items() if may_be_due(row, since, now))
