"""Roll back: which past changes can be undone, and why others cannot.

A roll-back is a new change forward, from our value to the one before, and is refused when our
value is not what is in force any more. It cannot bring back what was spent.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from workers.delivery.api import View
from workers.executor.rows import Change
from workers.executor.slots import slot_of
from workers.executor.tables import change_of, in_force


class Undo(StrEnum):
    """Whether a change can be undone."""

    UNDOABLE = "undoable"
    ALREADY_UNDONE = "already_undone"
    SUPERSEDED = "superseded"
    """A later change has set the same field."""
    DRIFTED = "drifted"
    """Its value was changed by somebody else."""
    NOT_UNDOABLE = "not_undoable"
    """There is no such change, or nothing was in force before it."""


def judge(view: View, campaign: bytes, action_id: str) -> tuple[Undo, str, Change | None]:
    """Return whether the change of ``action_id`` can be undone, the reason in words, and it."""
    own = bytes.fromhex(action_id)
    change = change_of(view, campaign, own)
    if change is None:
        text = "no change by this action is known: it had no effect, or was forgotten since"
        return Undo.NOT_UNDOABLE, text, None
    if change.undone_by:
        return Undo.ALREADY_UNDONE, f"was undone by action {change.undone_by.hex()}", change
    if change.before is None:
        text = "nothing was known to be in force before it: there is no value to go back to"
        return Undo.NOT_UNDOABLE, text, change
    current = in_force(view, campaign).in_force[slot_of(change.action)]
    if current.set_by and own not in _standing(view, campaign, current.set_by):
        text = f"action {current.set_by.hex()} has set the field since; roll that back first"
        return Undo.SUPERSEDED, text, change
    if not current.set_by or current.value != change.action.target:
        text = f"{current.value} is in force, not the {change.action.target} that it had set"
        return Undo.DRIFTED, text, change
    return Undo.UNDOABLE, "", change


def _standing(view: View, campaign: bytes, last: bytes) -> Iterator[bytes]:
    """Yield the last change of a field and, if that was a roll-back, the one it went back to."""
    change = change_of(view, campaign, last)
    while change is not None:
        yield bytes.fromhex(change.action.action_id)
        if not change.action.rolls_back:
            return
        undone = change_of(view, campaign, bytes.fromhex(change.action.rolls_back))
        change = undone and change_of(view, campaign, undone.previous)
