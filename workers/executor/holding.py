"""Actions that wait: until they are valid, or until the plan is known that released them.

Plans and actions are read beside each other, so an action may be read before its plan. Whoever
ends the waiting publishes the action once more: a tick when it is valid, the plan when it comes.
When no plan has come in time, a tick says so in the audit trail.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas.action import Action, Release
from workers.delivery.api import View
from workers.executor.draft import Draft
from workers.executor.freezes import freeze_on
from workers.executor.rows import Held, Holds, held_key, pack_due, unpack_due
from workers.executor.tables import clock_of, known_plan_of, rule_of, said_about
from workers.instants import to_ms


def holds_of(draft: Draft, campaign: bytes) -> Holds:
    """Return what waits for the campaign, as this step has left it."""
    return unpack_due(draft.read(held_key(campaign)), Holds)


def is_held(draft: Draft, action: Action) -> bool:
    """Return whether the very action waits."""
    held = holds_of(draft, action.key).of(action.action_id)
    return held is not None and held.action == action


def moment_of(draft: Draft, action: Action, at: int) -> int:
    """Return when an action that is read ``at`` a time may be carried out at the earliest.

    That is then, except that ticks may already have told of a later time, at which it is valid.
    """
    return max(at, clock_of(draft.view)) if _is_early(draft, action, at) else at


def wanted(draft: Draft, action: Action, at: int) -> Held | None:
    """Return how ``action`` has to wait; None when it has not."""
    if _is_early(draft, action, at):
        return Held(action, at, to_ms(action.valid_from), for_plan=False)
    if action.returns_from:
        # A freeze ends some time, and what a step back restores must not be lost to it.
        frozen = freeze_on(draft.policy, draft.view, said_about(draft.view, action.key), action, at)
        return later(draft, action, at) if frozen else None
    if action.released_by is Release.POLICY and rule_of(draft.view, action.key) is None:
        until = max(at, clock_of(draft.view)) + draft.policy.patience_ms
        return Held(action, at, until, for_plan=True)
    return None


def later(draft: Draft, action: Action, at: int) -> Held:
    """Return how an action waits that is to be tried once more."""
    again = max(at, clock_of(draft.view)) + draft.policy.patience_ms
    return Held(action, at, again, for_plan=False)


def asked(draft: Draft, action: Action, at: int, until: int) -> Held:
    """Return how an action waits that has asked its group's ledger, until an answer or a time."""
    soon = max(at, clock_of(draft.view)) + draft.policy.clock_tolerance_ms
    return Held(action, at, max(until, soon), for_plan=False, asked=True)


def keep(draft: Draft, campaign: bytes, held: Iterable[Held]) -> None:
    """Let more actions of the campaign wait."""
    holds = Holds((*holds_of(draft, campaign).held, *held))
    draft.writes[held_key(campaign)] = pack_due(holds)


def is_valid(draft: Draft, held: Held, at: int) -> bool:
    """Return whether an action that waits to be valid is; ``at`` is from `moment_of`."""
    if held.asked:
        return at >= held.until
    return not held.for_plan and not _is_early(draft, held.action, at)


def was_answered(view: View, held: Held) -> bool:
    """Return whether the plan came in time, and with it the action once more."""
    plan = known_plan_of(view, held.action.key)
    return held.for_plan and plan is not None and plan.since < held.until <= plan.gone


def was_given_up(view: View, held: Held) -> bool:
    """Return whether a tick has told that the plan did not come in time."""
    return held.for_plan and held.until <= clock_of(view) and not was_answered(view, held)


def _is_early(draft: Draft, action: Action, at: int) -> bool:
    return to_ms(action.valid_from) > at + draft.policy.clock_tolerance_ms
