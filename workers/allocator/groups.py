"""The agent of groups: keeps each group's definition, and never an older one."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final, NamedTuple

from schemas import Group, SchemaError, decode
from schemas.fields import BudgetPeriod
from schemas.keys import check_key, check_name
from workers.allocator.draft import Draft
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import GROUPS
from workers.delivery.api import Record, Step, View

NOT_SUPPORTED: Final = "not_supported"
OLD_VERSION: Final = "old_version"
SAME_VERSION: Final = "same_version"

_OFFSET = Struct(">q")


class Known(NamedTuple):
    """A group as the table keeps it."""

    group: Group
    offset: int
    """Of the record that told it."""


def groups_step(policy: AllocatorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the groups that the records of one partition bring."""
    draft = Draft(policy, view, GROUPS)
    for record in records:
        try:
            group = decode(record.value, Group) if record.value is not None else None
            key = group.key if group else _named(record)
            check_key(record.key, key)
            sent_on = draft.sent_on(record, key)
        except SchemaError as error:
            draft.refuse_for(record, error)
            continue
        if sent_on:
            continue
        if group is None:
            draft.writes[key] = None
        else:
            _keep(draft, record, group)
    return draft.done()


def unpack(value: bytes | None) -> Known | None:
    """Read a stored group."""
    if value is None:
        return None
    return Known(decode(value[_OFFSET.size :], Group), _OFFSET.unpack_from(value)[0])


def _named(record: Record) -> bytes:
    key = record.key or b""
    check_name(key.decode(errors="replace"), "budget_group_id")
    return key


def _keep(draft: Draft, record: Record, group: Group) -> None:
    """Store a group, unless it asks for what is not done, or a later one is known."""
    value, known = record.value or b"", unpack(draft.read(group.key))
    version = known.group.version if known else 0
    if group.parent_group_id is not None:
        detail = (
            f"is {group.parent_group_id}, but no total is handed down a tree yet: leave it out, "
            "and give each group a budget of its own"
        )
        draft.refuse(record, NOT_SUPPORTED, "parent_group_id", detail)
    elif group.budget.period is BudgetPeriod.FLIGHT:
        detail = "is flight, but a group has no flight: use day, week or month"
        draft.refuse(record, NOT_SUPPORTED, "budget.period", detail)
    elif group.version < version:
        detail = f"version {group.version} came after {version}; give a change a higher version"
        draft.refuse(record, OLD_VERSION, "version", detail)
    elif known and group.version == version and group != known.group:
        detail = f"version {version} is another group already; give a change a higher version"
        draft.refuse(record, SAME_VERSION, "version", detail)
    elif group.version > version:
        draft.writes[group.key] = _OFFSET.pack(record.offset) + value
