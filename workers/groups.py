"""Budget groups from files: read, checked with those in force as one forest, and compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from schemas.group import Group
from workers.errors import UsageError
from workers.record_changes import Change, changes_of, refuse_version
from workers.record_files import Form, read_records, reader_of, stored_record

DEEPEST: Final = 8
"""Levels that a tree of groups may have."""
LONGEST_FLIGHT: Final = 60
"""Days of spend that are kept of a group."""


def read_groups(files: Iterable[Path]) -> list[Group]:
    """Read all groups of ``files``, JSON or TOML: one group, a list, or a list called ``groups``.

    Raises
    ------
    UsageError
        Names the file, the group and the field that is wrong; or an id that has two groups.
    """
    return read_records(files, Form(read=reader_of(Group), one="group", many="groups"))


def changes(groups: Sequence[Group], in_force: Mapping[bytes, bytes | None]) -> list[Change[Group]]:
    """Compare groups with those in force, by id, and leave out what is the same.

    Those that lie deepest come first, as a root shares out what it knows of.

    Raises
    ------
    UsageError
        A version goes backwards, or stays although something else differs; or with what is in
        force a group would lie in itself, too deep, or in a tree of another time zone.
    """
    stored = (stored_record(value, Group) for value in in_force.values())
    every = {group.budget_group_id: group for group in stored if group is not None}
    every |= {group.budget_group_id: group for group in groups}
    for group in groups:
        _refuse_flight(group)
    for group in every.values():
        _refuse_way(_way_up(group, every), {each.budget_group_id for each in groups})
    found = changes_of(groups, in_force, refuse_version)
    return sorted(found, key=lambda change: -len(_way_up(change.record, every)))


def missing_parents(
    groups: Iterable[Group], in_force: Mapping[bytes, bytes | None]
) -> dict[str, str]:
    """Return by group the parent that it names and nobody has defined."""
    there = {group.key for group in groups} | in_force.keys()
    return {
        group.budget_group_id: group.parent_group_id
        for group in groups
        if group.parent_group_id is not None and group.parent_group_id.encode() not in there
    }


def _way_up(group: Group, every: Mapping[str, Group]) -> list[Group]:
    """Return a group and those above it; one that comes twice ends the way."""
    way, above = [group], every.get(group.parent_group_id or "")
    while above is not None:
        way.append(above)
        if above in way[:-1]:
            break
        above = every.get(above.parent_group_id or "")
    return way


def _refuse_flight(group: Group) -> None:
    if group.flight_start is None or group.flight_end is None:
        return
    days = (group.flight_end - group.flight_start).days + 1
    if days > LONGEST_FLIGHT:
        raise UsageError(
            f"{group.budget_group_id}: its flight has {days} days, {LONGEST_FLIGHT} may be",
            remedy="make several groups of it, one after the other",
        )


def _refuse_way(way: Sequence[Group], told: set[str]) -> None:
    """Refuse what is wrong between groups, if one of those that are told has a part in it."""
    names = [group.budget_group_id for group in way]
    if not told.intersection(names):
        return
    line = " in ".join(names)
    if len(set(names)) < len(names):
        raise UsageError(f"groups lie in one another in a circle: {line}", remedy=_PARENT)
    if len(names) > DEEPEST:
        raise UsageError(
            f"{names[0]} is {len(names)} levels deep, {DEEPEST} may be: {line}", remedy=_PARENT
        )
    if way[0].timezone != way[-1].timezone:
        raise UsageError(
            f"{names[0]} is in {way[0].timezone}, but {names[-1]}, whose tree it is in, "
            f"is in {way[-1].timezone}",
            remedy="give all groups of a tree one timezone",
        )


_PARENT: Final = "correct parent_group_id of one of them, or leave it out"
