"""What publishing people's records would change: one way for plans, groups and exchange rates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec

from schemas.fx_rate import FxRate
from schemas.group import Group
from schemas.plan import Plan
from workers.errors import UsageError
from workers.record_files import stored_record

RecordT = TypeVar("RecordT", Plan, Group, FxRate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Generic[RecordT]):
    """What publishing one record would do."""

    record: RecordT
    before: RecordT | None
    """The record in force, ``None`` when there is none that can be read."""

    @property
    def name(self) -> str:
        """What the record is known by: its key."""
        return self.record.key.decode()

    @property
    def differences(self) -> Sequence[tuple[str, object, object]]:
        """Each field that differs: its path, the value in force and the new one."""
        old: dict[str, object] = dict(_flat(msgspec.to_builtins(self.before or {})))
        new: dict[str, object] = dict(_flat(msgspec.to_builtins(self.record)))
        paths = dict.fromkeys((*old, *new))
        return [
            (path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
        ]


def changes_of(
    wanted: Iterable[RecordT],
    in_force: Mapping[bytes, bytes | None],
    refuse: Callable[[RecordT, RecordT], None],
) -> list[Change[RecordT]]:
    """Compare records with those in force, and leave out what is the same already.

    Parameters
    ----------
    wanted
        What is to be in force.
    in_force
        Key to the stored record, ``None`` or absent when there is none.
    refuse
        Is given a record and the other one that is in force; raises `UsageError` where it must
        not take the other's place.
    """
    found = []
    for record in wanted:
        before = stored_record(in_force.get(record.key), type(record))
        change = Change(record=record, before=before)
        if before is None:
            found.append(change)
        elif change.differences:
            refuse(record, before)
            found.append(change)
    return found


def refuse_version(record: Plan | Group, before: Plan | Group) -> None:
    """Refuse a version that goes backwards, or stays although something else differs.

    Raises
    ------
    UsageError
        It names the version that may be given.
    """
    name = record.key.decode()
    if record.version < before.version:
        raise UsageError(
            f"{name}: version {record.version} is older than {before.version}, which is in force",
            remedy=f"set version to {before.version + 1}, if the older content is what you want",
        )
    if record.version == before.version:
        raise UsageError(
            f"{name}: version {record.version} is in force with other content",
            remedy=f"set version to {before.version + 1}",
        )


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and (value or not path):
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
