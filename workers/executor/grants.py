"""Grants: raises that their group's ledger has let go, until it is told how they have ended.

What was granted counts as moved until then. So each grant is settled in the transaction that
writes the end of its action, whatever that is.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec

from schemas.action import Action
from schemas.audit import AuditStatus, Mode
from schemas.codec import encode
from schemas.levers import DAILY_BUDGET
from schemas.movement import Movement, MovementVerb
from schemas.topics import MOVEMENTS
from workers.delivery.api import Output
from workers.executor.answers import Answer
from workers.executor.draft import Draft
from workers.executor.rows import GRANTS, Row, pack, unpack
from workers.instants import from_ms
from workers.partitioner import partition_of

_MOVED: Final = frozenset(
    {
        AuditStatus.SIMULATED,
        AuditStatus.APPLIED,
        AuditStatus.CONFIRMED,
        AuditStatus.ROLLED_BACK,
        # Nobody knows whether it was made.
        AuditStatus.UNVERIFIED,
    }
)


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """A raise that may be made."""

    group: str
    amount: Decimal
    at: int
    """Before when it must have no effect, milliseconds."""


class Grants(Row, frozen=True, array_like=True):
    """A campaign's raises that were granted and have not ended, by the action's id."""

    open: dict[str, Grant] = msgspec.field(default_factory=dict)


def take(draft: Draft, action: Action, answer: Answer, at: int) -> None:
    """Keep what was granted to an action that goes on now, until it has ended."""
    if answer.granted:
        grant = Grant(answer.group, answer.amount, at)
        _keep(draft, action, {**_open(draft, action), action.action_id: grant})


def is_granted(draft: Draft, action: Action) -> bool:
    """Return whether the action is a raise that may be made."""
    return action.action_id in _open(draft, action)


def since(draft: Draft, action: Action) -> int:
    """Return before when the action must have no effect, milliseconds; 0 where it may any time."""
    if action.field != DAILY_BUDGET:
        return 0
    grant = _open(draft, action).get(action.action_id)
    return grant.at if grant else 0


def settle(draft: Draft, action: Action, at: int, status: AuditStatus) -> None:
    """Tell the ledger how a granted raise has ended; of others there is nothing to tell."""
    if action.field != DAILY_BUDGET:
        return
    grants = dict(_open(draft, action))
    grant = grants.pop(action.action_id, None)
    if grant is None:
        return
    _keep(draft, action, grants)
    # On a platform a budget may be found that was not what the campaign was paced by.
    found = status is AuditStatus.NO_OP and draft.policy.mode is Mode.LIVE
    moved = grant.amount if found or status in _MOVED else Decimal(0)
    _tell(draft, action, at, grant.group, moved)


def give_back(draft: Draft, action: Action, answer: Answer, at: int) -> None:
    """Tell the ledger that what it has granted is not made use of: its action has ended before."""
    if answer.granted and not is_granted(draft, action):
        _tell(draft, action, at, answer.group, Decimal(0))


def publish(draft: Draft, movement: Movement, at: int) -> None:
    """Publish a word to a group's ledger, in the partition of the group."""
    topic, key = draft.policy.topic(MOVEMENTS), movement.key
    target = partition_of(key, draft.view.partitions)
    draft.outputs.append(Output(topic, key, encode(movement), target, timestamp=at))


def _tell(draft: Draft, action: Action, at: int, group: str, moved: Decimal) -> None:
    movement = Movement(
        budget_group_id=group,
        verb=MovementVerb.SETTLE,
        action_id=action.action_id,
        amount=moved,
        # Nothing is granted in another one than the group's.
        currency=action.currency or "",
        at=from_ms(at),
        expires_at=action.expires_at,
    )
    publish(draft, movement, at)


def _open(draft: Draft, action: Action) -> dict[str, Grant]:
    found = unpack(draft.read(GRANTS + action.key), Grants)
    return found.open if found else {}


def _keep(draft: Draft, action: Action, grants: dict[str, Grant]) -> None:
    draft.writes[GRANTS + action.key] = pack(Grants(grants)) if grants else None
