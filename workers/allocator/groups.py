"""The agent of groups: keeps each group's definition, and never an older one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from schemas import Group, SchemaError, decode
from schemas.keys import check_key, check_name
from workers.allocator.draft import Draft
from workers.allocator.handing import anew, goes_to, handed, times_handed
from workers.allocator.histories import history
from workers.allocator.member_rows import KEPT_DAYS
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import GROUPS
from workers.allocator.trees import (
    Known,
    Top,
    below,
    content,
    known_of,
    note_parent,
    stored,
    top_of,
)
from workers.delivery.api import Output, Record, Step, View

NOT_SUPPORTED: Final = "not_supported"
OLD_VERSION: Final = "old_version"
SAME_VERSION: Final = "same_version"


def groups_step(policy: AllocatorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the groups that the records of one partition bring, and hand them up their trees."""
    draft = Draft(policy, view, GROUPS)
    for record in records:
        try:
            group = decode(record.value, Group) if record.value is not None else None
            key = group.key if group else _named(record)
            check_key(record.key, key)
            if group is not None and group.parent_group_id is not None:
                check_name(group.parent_group_id, "parent_group_id")
            copy = times_handed(record) > 0
            if not copy and draft.sent_on(record, key):
                continue
            if not _is_news(draft, record, key, group, copy=copy):
                continue
            _change(draft, record, key, group)
        except SchemaError as error:
            draft.refuse_for(record, error)
    return draft.done()


def _named(record: Record) -> bytes:
    key = record.key or b""
    check_name(key.decode(errors="replace"), "budget_group_id")
    return key


def _is_news(draft: Draft, record: Record, key: bytes, group: Group | None, *, copy: bool) -> bool:
    """Return whether a record changes what is known; put it aside where it asks for the undoable.

    Of a copy that changes nothing nobody is to hear: its original was put aside where it lies.
    """
    known = known_of(draft, key)
    if group is None or known is None:
        return (group is not None and _is_done(draft, record, group)) or known is not None
    if copy or (group.version, group) == (known.group.version, known.group):
        return group.version > known.group.version
    return _is_done(draft, record, group) and _is_newer(draft, record, group, known.group)


def _is_done(draft: Draft, record: Record, group: Group) -> bool:
    if group.flight_start is None or group.flight_end is None:
        return True
    days = (group.flight_end - group.flight_start).days + 1
    if days <= KEPT_DAYS:
        return True
    detail = f"makes a flight of {days} days, but spend is kept for {KEPT_DAYS}: use several groups"
    draft.refuse(record, NOT_SUPPORTED, "flight_end", detail)
    return False


def _is_newer(draft: Draft, record: Record, group: Group, known: Group) -> bool:
    if group.version > known.version:
        return True
    if group.version < known.version:
        detail = f"version {group.version} came after {known.version}; give a change a higher one"
        draft.refuse(record, OLD_VERSION, "version", detail)
    else:
        detail = f"version {group.version} is another group already; give a change a higher version"
        draft.refuse(record, SAME_VERSION, "version", detail)
    return False


def _change(draft: Draft, record: Record, key: bytes, group: Group | None) -> None:
    """Store a group, or forget it; tell those above it, before and now, of it and what it holds."""
    before, known = top_of(draft, key), known_of(draft, key)
    draft.outputs += _handed_up(draft, record, key, before)
    now = None if group is None else Known(group, record.offset)
    draft.writes[key] = None if now is None else stored(now, record.value or b"")
    note_parent(draft, key, known, now)
    after = top_of(draft, key)
    if after.key != before.key:
        draft.outputs += _handed_up(draft, record, key, after)
    for each in below(draft, key):
        draft.outputs += _definition(draft, record, each, after)
    if after.key != before.key:
        for each in (key, *below(draft, key)):
            draft.outputs += _days(draft, record, each, (before, after))
    for top in (before, after):
        _touch(draft, record, key, top)


def _handed_up(draft: Draft, record: Record, key: bytes, top: Top) -> list[Output]:
    target = goes_to(draft.view, key, top.key)
    return [] if target is None else [handed(record, key, target)]


def _definition(draft: Draft, record: Record, key: bytes, top: Top) -> list[Output]:
    """Return what is known of a group that lies in the one that a record tells of."""
    target, value = goes_to(draft.view, key, top.key), draft.read(key)
    return [] if target is None or value is None else [anew(record, key, content(value), target)]


def _days(draft: Draft, record: Record, key: bytes, tops: tuple[Top, Top]) -> Iterator[Output]:
    """Yield the days of a group's members for a partition that has had none of them."""
    before, after = (goes_to(draft.view, key, top.key) for top in tops)
    known = known_of(draft, key)
    if known is not None and after is not None and after != before:
        yield from history(draft, known.group, record, after)


def _touch(draft: Draft, record: Record, key: bytes, top: Top) -> None:
    """Let a root know the offset of what was told of its tree last: explanations read up to it."""
    value, known = draft.read(top.key), known_of(draft, top.key)
    if top.key != key and value is not None and known is not None:
        draft.writes[top.key] = stored(Known(known.group, record.offset), content(value))
