"""``pacekeeper undo``: sets back what past changes have set, chosen from the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer

from schemas.codec import decode, encode
from schemas.decision import Decision
from schemas.errors import SchemaError
from schemas.plan import Plan
from schemas.topics import AUDIT, PLANS
from workers.cli.applying import known_records
from workers.cli.console import await_result, counted, warn
from workers.cli.deciding import time_of, who
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    DryRunOption,
    JsonOption,
    reachable_settings,
    with_options,
)
from workers.cli.undo_page import Found, all_done, preview, tell
from workers.errors import UsageError
from workers.executor.entries import identity
from workers.instants import to_ms
from workers.kafka import connect
from workers.record_files import stored_record
from workers.settings import Settings
from workers.undo.choosing import Choice, Ids, Released, campaigns_of
from workers.undo.deciding import decisions_of, publish
from workers.undo.planning import Line, Undoing, lines_of
from workers.undo.reading import Reading, read_trail
from workers.verify.reading import audit_records


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Options of the command: which changes, who undoes them, and how it is told."""

    platform: Annotated[str | None, typer.Option(help="Only changes on this platform.")] = None
    account: Annotated[str | None, typer.Option(help="Only changes of this account.")] = None
    campaign: Annotated[
        str | None,
        typer.Option(help="platform:account:campaign, or as much of its end as is unique."),
    ] = None
    group: Annotated[
        str | None, typer.Option(help="Only campaigns whose plan is in this group.")
    ] = None
    field: Annotated[str | None, typer.Option(help="Only this field, such as daily_budget.")] = None
    actor: Annotated[
        Released | None, typer.Option(help="Only what policy, or what a person has let go.")
    ] = None
    who: Annotated[str | None, typer.Option(help="Only changes of whom the trail names so.")] = None
    since: Annotated[str | None, typer.Option(help="Only changes made from then on.")] = None
    until: Annotated[str | None, typer.Option(help="Only changes made before then.")] = None
    roll_backs: Annotated[
        bool, typer.Option("--roll-backs", help="Undo roll-backs: what they undid holds again.")
    ] = False
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without it, only show it.")] = False
    dry_run: DryRunOption = False
    by: Annotated[
        str | None, typer.Option("--by", help="Who undoes it; default: your login name.")
    ] = None
    why: Annotated[str, typer.Option("--why", help="Why, for the audit trail.")] = ""
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for answers; 0: do not wait.")
    ] = 60
    json: JsonOption = False
    bootstrap: BootstrapOption = None
    config: ConfigOption = None

    def choice(self, ids: Ids, plans: Mapping[bytes, Plan]) -> Choice:
        """Return which changes are meant."""
        return Choice(
            ids=ids,
            platform=self.platform,
            account=self.account,
            campaigns=campaigns_of(plans, self.campaign, self.group),
            field=self.field,
            released=self.actor,
            who=self.who,
            since=None if self.since is None else time_of("--since", self.since),
            until=None if self.until is None else time_of("--until", self.until),
            roll_backs=self.roll_backs,
        )

    @property
    def narrows(self) -> bool:
        """Return whether it says which changes."""
        names = (self.platform, self.account, self.campaign, self.group, self.field)
        return any((*names, self.actor, self.who, self.since, self.until))


@with_options(Wish)
def undo(
    wish: Wish,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID...", help="Ids of actions, or as much as is unique."),
    ] = None,
) -> None:
    """Set back what past changes have set, on any platform; without --yes only show it.

    Changes are chosen from the audit trail by ids, or by all of the options that are given. A field
    goes back at once to what was in force before the oldest change that is chosen. One that others
    have set since stays, and it says who.

    Exit code 0: all is undone, or only shown, or with --wait 0 published; 1: some was not; 2: wrong
    usage, or nothing was chosen, and nothing was published.
    """
    if not ids and not wish.narrows:
        raise UsageError(
            "nothing says which changes", remedy="give ids, or options such as --since"
        )
    if wish.yes and wish.dry_run:
        raise UsageError("--yes does it, --dry-run does not", remedy="give one of them")
    by = who(wish.by)
    settings = reachable_settings(wish.config, wish.bootstrap)
    found = await_result(_find(settings, wish, Ids(ids or ())))
    undoings = list(dict.fromkeys(line.undoing for line in found.lines if line.undoing))
    pairs = _decisions(undoings, by, wish.why)
    if not wish.yes:
        preview(found, undoings, json=wish.json)
        return
    answers = await_result(publish(settings, [decision for _, decision in pairs], wish.wait))
    told = {undoing: answers.get(identity(decision)) for undoing, decision in pairs}
    tell(found, pairs, told, wish.wait, json=wish.json)
    if wish.wait and not all_done(found, told):
        raise typer.Exit(1)


async def _find(settings: Settings, wish: Wish, ids: Ids) -> Found:
    stored = await known_records(settings, PLANS)
    read = {key: stored_record(value, Plan) for key, value in stored.items()}
    plans = {key: plan for key, plan in read.items() if plan is not None}
    choice = wish.choice(ids, plans)
    topic = AUDIT.full_name(settings.topics.prefix)
    reading = await read_trail(audit_records(connect(settings.broker), topic), choice, plans)
    if reading.unreadable:
        entries = counted(reading.unreadable, one="entry", many="entries")
        warn(f"{entries} of the trail could not be read and are left out; see `pacekeeper verify`")
    unknown = ids.unmet()
    lines = _lines(reading)
    if not lines and not unknown:
        raise UsageError(
            f"no change of {counted(reading.entries, one='entry', many='entries')} is as asked for",
            remedy="`pacekeeper watch --from-beginning` shows what there is",
        )
    return Found(lines, unknown)


def _lines(reading: Reading) -> list[Line]:
    at = to_ms(datetime.now(UTC))
    trails = (trail for _, trail in sorted(reading.trails.items()))
    return [line for trail in trails for line in lines_of(trail, at)]


def _decisions(undoings: Sequence[Undoing], by: str, why: str) -> list[tuple[Undoing, Decision]]:
    pairs = decisions_of(undoings, by=by, why=why, at=datetime.now(UTC))
    try:
        for _, decision in pairs[:1]:
            # Lengths are checked when it is read, as the executor will.
            decode(encode(decision), Decision)
    except SchemaError as error:
        raise UsageError(f"this cannot be decided: {error}") from error
    return pairs
