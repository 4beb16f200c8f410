"""Campaign plans from files: read, checked, and compared with those in force."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from schemas.plan import Plan
from workers.errors import UsageError
from workers.record_files import Form, read_records, reader_of, stored_record


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What applying one plan would do."""

    plan: Plan
    before: Plan | None
    """The plan in force, ``None`` when there is none that can be read."""

    @property
    def differences(self) -> Sequence[tuple[str, object, object]]:
        """Each field that differs: its path, the value in force and the new one."""
        old = dict(_flat(msgspec.to_builtins(self.before))) if self.before else {}
        new = dict(_flat(msgspec.to_builtins(self.plan)))
        paths = dict.fromkeys((*old, *new))
        return [
            (path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
        ]


def read_plans(files: Iterable[Path]) -> list[Plan]:
    """Read all plans of ``files``, JSON or TOML: one plan, a list, or a list called ``plans``.

    Raises
    ------
    UsageError
        Names the file, the plan and the field that is wrong; or a campaign that has two plans.
    """
    form = Form(read=reader_of(Plan), one="plan", many="plans", check=_refuse_other_names)
    return read_records(files, form)


def changes(plans: Iterable[Plan], in_force: Mapping[bytes, bytes | None]) -> list[Change]:
    """Compare ``plans`` with those in force, and leave out what is the same already.

    Parameters
    ----------
    plans
        What is to be in force.
    in_force
        Campaign key to the stored plan, ``None`` or absent when there is none.

    Raises
    ------
    UsageError
        A version goes backwards, or stays although something else differs.
    """
    found = []
    for plan in plans:
        before = stored_record(in_force.get(plan.key), Plan)
        change = Change(plan=plan, before=before)
        if before is None:
            found.append(change)
        elif change.differences:
            _refuse_version(plan, before)
            found.append(change)
    return found


def _refuse_version(plan: Plan, before: Plan) -> None:
    campaign = plan.key.decode()
    if plan.version < before.version:
        raise UsageError(
            f"{campaign}: version {plan.version} is older than {before.version}, which is in force",
            remedy=f"set version to {before.version + 1}, if the older content is what you want",
        )
    if plan.version == before.version:
        raise UsageError(
            f"{campaign}: version {plan.version} is in force with other content",
            remedy=f"set version to {before.version + 1}",
        )


def _refuse_other_names(file: Path, found: Mapping[str, object]) -> None:
    """Refuse plans under a name that is not theirs; a field that a plan misspells is another's."""
    if "platform" in found and "plans" not in found:
        return
    for name, value in found.items():
        if isinstance(value, dict | list) and name not in ("plans", *Plan.__struct_fields__):
            form = "[[{}]]" if file.suffix == ".toml" else '"{}"'
            told = f"{file} has {form.format(name)}: plans stand under {form.format('plans')}"
            raise UsageError(told)


def _flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _flat(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
