"""Roll back: which past changes can be undone, and why others cannot.

A roll-back is a new change forward, from our value to the one before, and is refused when our
value is not what is in force any more. It cannot bring back what was spent. The executor judges by
its tables; whoever asks before judges by the audit trail, in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, Protocol

from schemas.levers import DAILY_BUDGET, HOURLY_BUDGET
from workers.executor.history import Past, standing
from workers.executor.rows import InForce
from workers.instants import to_ms


class Undo(StrEnum):
    """Whether a change can be undone."""

    UNDOABLE = "undoable"
    ALREADY_UNDONE = "already_undone"
    SUPERSEDED = "superseded"
    """A later change has set the same field."""
    DRIFTED = "drifted"
    """Its value was changed by somebody else."""
    NOT_UNDOABLE = "not_undoable"
    """There is no such change, or nothing that could be gone back to."""


class Known(Protocol):
    """What is known of one campaign."""

    def of(self, action_id: bytes) -> Past | None:
        """Return what an action has changed; None when it changed nothing or is kept no more."""

    def current(self, slot: str) -> InForce | None:
        """Return what is in force of a field."""

    def plan_version(self) -> int | None:
        """Return the version of the plan that holds; None where none does."""

    def days_budget_only(self) -> bool:
        """Return whether a platform keeps budgets of an hour, by that of the day."""


class Judgement(NamedTuple):
    """Whether a change can be undone, and what that would take."""

    state: Undo
    text: str = ""
    """Why not, and what to do."""
    change: Past | None = None
    over: tuple[Past, ...] = ()
    """All that is undone, the newest first, the change itself last."""
    hour_ends: int = 0
    """Until when, milliseconds, where that is bounded; else 0."""
    day_budget: Decimal | None = None
    """What the day may have spent then, where the field is a budget of an hour kept by it."""


def judge(known: Known, action_id: str, through: str | None, at: int) -> Judgement:
    """Return whether a change can be undone at a time, in milliseconds.

    ``through`` is a later change of the same field that is undone with it, as are those between:
    the field then goes back at once to what was in force before the first.
    """
    change = known.of(bytes.fromhex(action_id))
    if change is None:
        text = "no change by this action is known: it had no effect, or is among those that are "
        text += "kept no more; set the value by hand, `before` of its entry in the trail has it"
        return Judgement(Undo.NOT_UNDOABLE, text)
    if change.undone_by:
        text = f"was undone by action {change.undone_by.hex()}"
        return Judgement(Undo.ALREADY_UNDONE, text, change)
    if hindrance := next(_hindrances(known, change, at), None):
        return Judgement(Undo.NOT_UNDOABLE, hindrance, change)
    last = bytes.fromhex(through or action_id)
    current = known.current(change.slot)
    if current is None:
        text = "it is kept no more what is in force: the plan has not named the ad set for long"
        return Judgement(Undo.NOT_UNDOABLE, text, change)
    if not current.set_by:
        text = f"{current.value} is in force, which somebody else has set"
        return Judgement(Undo.DRIFTED, text, change)
    judgement = _over(known, change, last, current)
    return _of_hour(known, judgement, current, at)


def _hindrances(known: Known, change: Past, at: int) -> Iterator[str]:
    if change.window_end is not None and to_ms(change.window_end) <= at:
        yield f"the window that it was for was over at {change.window_end.isoformat()}"
    if change.before is None:
        yield "nothing was known to be in force before it: there is no value to go back to"
    if change.stays:
        yield f"it left {change.target} in force, as it was before"
    if change.field == DAILY_BUDGET and known.plan_version() != change.plan_version:
        yield (
            f"was set for version {change.plan_version} of the plan, which holds no more, and with"
            " it no such budget: the plan's own is in force"
        )


def _over(known: Known, change: Past, last: bytes, current: InForce) -> Judgement:
    """Judge by all that has set the field since."""
    ends = {change.action_id, last}
    walk = standing(known.of, change.slot, current.set_by)
    layers = (past for past in walk if past.action_id in ends or not past.passes_on)
    newest = next(layers, None)
    if newest is None or newest.action_id != last:
        return _superseded(change, newest.action_id if newest else current.set_by)
    if newest.target != current.value:
        text = f"{current.value} is in force, not the {newest.target} that was set"
        return Judgement(Undo.DRIFTED, text, change)
    over = [newest]
    while over[-1].action_id != change.action_id:
        below = next(layers, None)
        if below is None:
            return _superseded(change, last)
        if below.target != over[-1].before:
            text = f"somebody else had set {over[-1].before} before action "
            text += f"{over[-1].action_id.hex()}: roll that back alone"
            return Judgement(Undo.DRIFTED, text, change)
        over.append(below)
    if change.before == current.value:
        text = f"{change.before} was in force before it, and is again"
        return Judgement(Undo.ALREADY_UNDONE, text, change, tuple(over))
    return Judgement(Undo.UNDOABLE, change=change, over=tuple(over))


def _superseded(change: Past, later: bytes) -> Judgement:
    text = f"action {later.hex()} has set the field since; roll that back first"
    return Judgement(Undo.SUPERSEDED, text, change)


def _of_hour(known: Known, judgement: Judgement, current: InForce, at: int) -> Judgement:
    """Return the judgement with the day's budget, where that keeps an hour's, or why there is none.

    What an hour may spend is a part of what the day may have spent when that hour is over. Of
    later hours nothing here says what the day has spent.
    """
    change = judgement.change
    if judgement.state is not Undo.UNDOABLE or change is None or change.before is None:
        return judgement
    if change.field != HOURLY_BUDGET or not known.days_budget_only():
        return judgement
    newest = known.of(current.set_by)
    if newest is None or at >= newest.hour_ends:
        text = "the platform keeps an hour's budget by that of the day, and the hour that this one "
        text += "was decided for is over: nothing says what the day has spent since. Wait for the "
        text += "next recommendation, or freeze the campaign and set its daily budget by hand"
        return Judgement(Undo.NOT_UNDOABLE, text, change)
    budget = newest.day_budget
    if budget is not None:
        budget = max(budget - newest.target + change.before, Decimal(0))
    return judgement._replace(hour_ends=newest.hour_ends, day_budget=budget)
