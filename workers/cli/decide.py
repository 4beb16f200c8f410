"""``pacekeeper decide``: what people say about recommendations and campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from schemas import Verb
from workers.cli.deciding import about, of, said_by, tell, time_of
from workers.cli.options import (
    BootstrapOption,
    ConfigOption,
    JsonOption,
    reachable_settings,
    with_options,
)

app = typer.Typer(no_args_is_help=True)

Ids = Annotated[
    list[str],
    typer.Argument(metavar="ID...", help="Ids, or as much of each as is unique (4 at least)."),
]
Campaigns = Annotated[
    list[str],
    typer.Argument(
        metavar="CAMPAIGN...", help="platform:account:campaign, or as much of its end as is unique."
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """Options of every verb: who decides and why, and how the answer is told."""

    by: Annotated[
        str | None, typer.Option("--by", help="Who decides; default: your login name.")
    ] = None
    why: Annotated[str, typer.Option("--why", help="Why, for the audit trail.")] = ""
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Seconds to wait for the answer; 0: do not wait.")
    ] = 30
    json: JsonOption = False
    bootstrap: BootstrapOption = None
    config: ConfigOption = None

    def on_ids(self, verb: Verb, ids: Sequence[str]) -> None:
        """Decide on recommendations."""
        settings, said = reachable_settings(self.config, self.bootstrap), self._said(verb)
        tell(settings, about(settings, ids, said), self.wait, json=self.json)

    def on_campaigns(self, verb: Verb, campaigns: Sequence[str], **times: datetime | None) -> None:
        """Decide on campaigns."""
        settings, said = reachable_settings(self.config, self.bootstrap), self._said(verb)
        tell(settings, of(settings, campaigns, said | times), self.wait, json=self.json)

    def _said(self, verb: Verb) -> dict[str, object]:
        return said_by(verb, self.by, self.why)


@app.callback()
def decisions() -> None:
    """Publish a decision, and tell what became of it; `pacekeeper undo` undoes changes.

    Exit code 0: done (or with --wait 0 published); 1: rejected, expired, not answered in time, or
    counted but others have to approve it as well; 2: wrong usage, and nothing was published.
    """


@app.command()
@with_options(Deciding)
def approve(deciding: Deciding, ids: Ids) -> None:
    """Let recommendations that await a person be carried out."""
    deciding.on_ids(Verb.APPROVE, ids)


@app.command()
@with_options(Deciding)
def reject(deciding: Deciding, ids: Ids) -> None:
    """Refuse recommendations that await a person."""
    deciding.on_ids(Verb.REJECT, ids)


@app.command()
@with_options(Deciding)
def freeze(
    deciding: Deciding,
    campaigns: Campaigns,
    *,
    until: Annotated[str | None, typer.Option(help="When it ends by itself.")] = None,
) -> None:
    """Let nothing of campaigns be changed, until a time or until they are unfrozen."""
    deciding.on_campaigns(
        Verb.FREEZE, campaigns, until=None if until is None else time_of("--until", until)
    )


@app.command()
@with_options(Deciding)
def unfreeze(deciding: Deciding, campaigns: Campaigns) -> None:
    """Lift the freeze of campaigns; one of their account or platform stays."""
    deciding.on_campaigns(Verb.UNFREEZE, campaigns)


@app.command()
@with_options(Deciding)
def pause(deciding: Deciding, campaigns: Campaigns) -> None:
    """Pause campaigns on their platforms, also while they are frozen."""
    deciding.on_campaigns(Verb.PAUSE, campaigns)


@app.command()
@with_options(Deciding)
def resume(deciding: Deciding, campaigns: Campaigns) -> None:
    """Let campaigns that are paused on their platforms deliver again."""
    deciding.on_campaigns(Verb.RESUME, campaigns)


@app.command("exclude-window")
@with_options(Deciding)
def exclude_window(
    deciding: Deciding,
    campaigns: Campaigns,
    *,
    start: Annotated[str, typer.Option("--from", help="Where it begins: 2026-03-01T08:00Z.")],
    end: Annotated[str, typer.Option("--to", help="Where it ends.")],
) -> None:
    """Learn nothing from hours of campaigns."""
    times = {"window_start": time_of("--from", start), "window_end": time_of("--to", end)}
    deciding.on_campaigns(Verb.EXCLUDE_WINDOW, campaigns, **times)


@app.command("reject-outage")
@with_options(Deciding)
def reject_outage(deciding: Deciding, campaigns: Campaigns) -> None:
    """Say that suspected outages of campaigns are none: their numbers are right."""
    deciding.on_campaigns(Verb.REJECT_OUTAGE, campaigns)
