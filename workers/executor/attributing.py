"""Attributing: who has set a value that was found where nobody expected it."""

from __future__ import annotations

from decimal import Decimal

from msgspec.structs import replace

from workers.executor.draft import Draft
from workers.executor.edit_histories import (
    MOST_DRIFTS,
    Found,
    KnownEdit,
    Made,
    history_of,
    keep_history,
)
from workers.executor.live.outcome import Outcome, Result
from workers.executor.orders import OpenOrder, Orders, Part
from workers.instants import from_ms


def note_outcome(draft: Draft, opened: OpenOrder, part: Part, told: Outcome) -> KnownEdit | None:
    """Keep what an order has made or found of a value, ``part`` as it has ended.

    Returns the edit that has set what was found in place of what was expected, where it is known.
    """
    campaign, at = opened.action.key, round(told.at * 1000)
    history, by = history_of(draft, campaign, part.slot), None
    if told.result is Result.DRIFT and told.after is not None:
        by = history.edit_that_set(told.after, draft.policy.clock_tolerance_ms)
        if by is None:
            found = Found(bytes.fromhex(opened.action.action_id), history.known_at, at, told.after)
            drifts = (*history.drifts, found)[-MOST_DRIFTS:]
            history = replace(history, drifts=drifts)
    if told.attempts or told.may_have_changed:
        history = history.with_made(Made(opened.begun, at, part.target))
    if told.after is not None:
        history = history.read(at)
    keep_history(draft, campaign, part.slot, history)
    return by


def forget_let_go(draft: Draft, campaign: bytes, before: Orders, after: Orders, slot: str) -> None:
    """Forget the histories of values of which nothing is kept any more; that of ``slot`` stays."""
    for gone in before.set_last.keys() - after.set_last.keys() - {slot}:
        keep_history(draft, campaign, gone, None)


def set_by(edit: KnownEdit) -> str:
    """Return who has set what was found, and when, in words."""
    return f"set by {edit.words} at {from_ms(edit.at).isoformat()}"


def editor_of(draft: Draft, campaign: bytes, slot: str, value: Decimal | None) -> str:
    """Return who has set what is in force of a value, in words; empty where that is not known."""
    edits = reversed(history_of(draft, campaign, slot).edits)
    return next((edit.words for edit in edits if edit.after == value), "")
