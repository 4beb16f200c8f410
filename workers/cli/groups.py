"""``pacekeeper groups``: publish budgets that campaigns share from files, and list them."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from schemas.group import Group
from schemas.plan import Plan
from schemas.topics import GROUPS, PLANS
from workers.cli.applying import (
    Wanted,
    apply_records,
    known_records,
    show_versioned,
    versioned_object,
)
from workers.cli.console import await_result, counted, note, print_json, print_table, warn
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    reachable_settings,
)
from workers.delivery.loading import Table
from workers.groups import changes, missing_parents, read_groups
from workers.record_changes import Change
from workers.record_files import stored_record
from workers.settings import Settings

app = typer.Typer(help="Publish shared budgets from files, or list them.", no_args_is_help=True)


@app.callback()
def groups() -> None:
    """Publish shared budgets from files, or list them."""


@app.command()
def apply(
    files: Annotated[list[Path], typer.Argument(help="JSON or TOML, one group or many each.")],
    *,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Check groups, show how they differ from those in force, and publish those that do.

    A version that goes backwards, or stays although the content differs, is refused, and so are
    groups that lie in one another in a circle, too deep, or in a tree of another time zone; then,
    as after any other error, nothing is published.
    """
    read = read_groups(files)

    def compared(in_force: Table) -> list[Change[Group]]:
        found = changes(read, in_force)
        for name, parent in missing_parents(read, in_force).items():
            warn(f"{name} lies in {parent}, which nobody has defined yet: until then it is held")
        return found

    wanted = Wanted(
        records=read,
        one="group",
        topic=GROUPS,
        changes=compared,
        as_object=partial(versioned_object, "budget_group_id"),
        show=show_versioned,
        spread=True,
    )
    apply_records(reachable_settings(config, bootstrap), wanted, dry_run=dry_run, json=json)


@app.command("list")
def list_groups(
    *,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """List the groups in force, and how many plans name each as theirs."""
    rows = await_result(_groups(reachable_settings(config, bootstrap)))
    if json:
        print_json(rows)
    elif not rows:
        note("no group is defined: `pacekeeper groups apply FILES` publishes some")
    else:
        print_table([name.replace("_", " ") for name in rows[0]], map(_cells, rows))


async def _groups(settings: Settings) -> list[dict[str, object]]:
    stored = await known_records(settings, GROUPS, spread=True)
    plans = await known_records(settings, PLANS)
    known = [stored_record(value, Group) for _, value in sorted(stored.items())]
    if known.count(None):
        warn(f"{counted(known.count(None), one='group')} could not be read and are left out")
    told = (stored_record(value, Plan) for value in plans.values())
    members = Counter(plan.budget_group_id for plan in told if plan is not None)
    return [_row(group, members[group.budget_group_id]) for group in known if group is not None]


def _row(group: Group, members: int) -> dict[str, object]:
    return {
        "budget_group_id": group.budget_group_id,
        "version": group.version,
        "status": group.status,
        "budget": group.budget.amount,
        "currency": group.currency,
        "period": group.budget.period,
        "objective": group.objective,
        "parent_group_id": group.parent_group_id,
        "members": members,
    }


def _cells(row: dict[str, object]) -> list[object]:
    return ["" if value is None else value for value in row.values()]
