"""Campaign plans from files: read, checked, and compared with those in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from schemas.plan import Plan
from workers.errors import UsageError
from workers.record_changes import Change, changes_of, refuse_version
from workers.record_files import Form, read_records, reader_of


def read_plans(files: Iterable[Path]) -> list[Plan]:
    """Read all plans of ``files``, JSON or TOML: one plan, a list, or a list called ``plans``.

    Raises
    ------
    UsageError
        Names the file, the plan and the field that is wrong; or a campaign that has two plans.
    """
    form = Form(read=reader_of(Plan), one="plan", many="plans", check=_refuse_other_names)
    return read_records(files, form)


def changes(plans: Iterable[Plan], in_force: Mapping[bytes, bytes | None]) -> list[Change[Plan]]:
    """Compare ``plans`` with those in force, by campaign key, and leave out what is the same.

    Raises
    ------
    UsageError
        A version goes backwards, or stays although something else differs.
    """
    return changes_of(plans, in_force, refuse_version)


def _refuse_other_names(file: Path, found: Mapping[str, object]) -> None:
    """Refuse plans under a name that is not theirs; a field that a plan misspells is another's."""
    if "platform" in found and "plans" not in found:
        return
    for name, value in found.items():
        if isinstance(value, dict | list) and name not in ("plans", *Plan.__struct_fields__):
            form = "[[{}]]" if file.suffix == ".toml" else '"{}"'
            told = f"{file} has {form.format(name)}: plans stand under {form.format('plans')}"
            raise UsageError(told)
