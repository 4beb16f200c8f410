"""Changes that are for a while: each step back is an action that waits from the change on.

What is to come stands in the same transaction as the change itself, so nobody who dies in between
leaves a bid cut for good. A step back undoes only what its own change, or an earlier step of it,
has left in force: whatever anybody has set since stays. Freezes let it wait, and no plan is asked
again: it restores what was there.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import structs

from schemas.action import Action
from schemas.codec import digest
from schemas.fields import Entity
from schemas.returns import MOST_STEPS
from workers.executor.draft import Draft
from workers.executor.entries import Finding, expired
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import Campaign, Held
from workers.executor.slots import slot_of
from workers.instants import to_ms

RETURNED = "returned"

_LONGEST_WHY = 1_000


def promised(draft: Draft, campaign: Campaign, action: Action, at: int) -> tuple[Held, ...]:
    """Return the steps back of an action, to wait for their time, where it is in force now."""
    own = campaign.standing(slot_of(action), action)
    if own is None or own.set_by != bytes.fromhex(action.action_id):
        return ()
    return tuple(
        Held(step, at, to_ms(step.valid_from), for_plan=False) for step in _steps(draft, action)
    )


def _steps(draft: Draft, action: Action) -> Iterator[Action]:
    expected = action.target
    for number, step in enumerate(action.returns):
        yield structs.replace(
            action,
            action_id=return_id(action.action_id, number),
            # It carries out no advice of its own, and is no change that anybody decided.
            recommendation_id=None,
            expected=expected,
            target=step.value,
            why=f"Back from {action.target} by action {action.action_id}: {action.why}"[
                :_LONGEST_WHY
            ],
            valid_from=step.at,
            expires_at=step.at + draft.policy.return_within,
            # The limit of a day at the hour that was decided is none when the step comes.
            day_budget=None,
            returns=(),
            returns_from=action.action_id,
        )
        expected = step.value


def return_id(action_id: str, number: int) -> str:
    """Return the id of a step back, counted from 0, of an action."""
    return digest(f"return {number} of {action_id}".encode())


def obstacle(campaign: Campaign, action: Action) -> Finding | None:
    """Return why a step back has no effect; None where it is to have one."""
    current = campaign.standing(slot_of(action), action)
    if current is None or current.set_by not in _before(action):
        found = "nothing" if current is None else str(current.value)
        detail = f"{found} is in force, which was set since: there is nothing to take back"
        return expired("superseded", detail)
    return None


def _before(action: Action) -> Iterator[bytes]:
    """Yield whose value a step back may take back: its change's, and those of earlier steps."""
    promise = action.returns_from or ""
    yield bytes.fromhex(promise)
    for number in range(MOST_STEPS):
        step = return_id(promise, number)
        if step == action.action_id:
            return
        yield bytes.fromhex(step)


def within_plan(action: Action, rule: PlanRule | None) -> Action:
    """Return a step back that goes no further than the plan that holds now allows."""
    highest = rule.highest if rule else {}
    own = action.entity_id if action.entity is Entity.AD_SET else ""
    most = highest[own] if own in highest else highest.get("")
    if most is None or action.target <= most:
        return action
    return structs.replace(action, target=most)
