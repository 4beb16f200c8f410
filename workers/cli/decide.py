"""``pacekeeper decide``: what people say about recommendations, changes and campaigns."""

from __future__ import annotations

from typing import Annotated

import typer

from schemas import Verb
from workers.cli.deciding import about, of, said_by, tell, time_of
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings

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
ByOption = Annotated[
    str | None, typer.Option("--by", help="Who decides; default: your login name.")
]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the audit trail.")]
WaitOption = Annotated[
    float, typer.Option("--wait", min=0, help="Seconds to wait for the answer; 0: do not wait.")
]


@app.callback()
def decisions() -> None:
    """Publish a decision, and tell what became of it.

    Exit code 0: done (or with --wait 0 published); 1: rejected, expired, or not answered in time;
    2: wrong usage, and nothing was published.
    """


@app.command()
def approve(  # noqa: PLR0913 -- the options of one command
    ids: Ids,
    *,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Let recommendations that await a person be carried out."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.APPROVE, by, why)
    tell(settings, about(settings, ids, said), wait, json=json)


@app.command()
def reject(  # noqa: PLR0913
    ids: Ids,
    *,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Refuse recommendations that await a person."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.REJECT, by, why)
    tell(settings, about(settings, ids, said), wait, json=json)


@app.command("roll-back")
def roll_back(  # noqa: PLR0913
    ids: Ids,
    *,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Undo changes, by the ids of their actions; the audit trail has them."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.ROLL_BACK, by, why)
    tell(settings, about(settings, ids, said), wait, json=json)


@app.command()
def freeze(  # noqa: PLR0913
    campaigns: Campaigns,
    *,
    until: Annotated[str | None, typer.Option(help="When it ends by itself.")] = None,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Let nothing of campaigns be changed, until a time or until they are unfrozen."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.FREEZE, by, why)
    if until is not None:
        said["until"] = time_of("--until", until)
    tell(settings, of(settings, campaigns, said), wait, json=json)


@app.command()
def unfreeze(  # noqa: PLR0913
    campaigns: Campaigns,
    *,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Lift the freeze of campaigns; one of their account or platform stays."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.UNFREEZE, by, why)
    tell(settings, of(settings, campaigns, said), wait, json=json)


@app.command("exclude-window")
def exclude_window(  # noqa: PLR0913
    campaigns: Campaigns,
    *,
    start: Annotated[str, typer.Option("--from", help="Where it begins: 2026-03-01T08:00Z.")],
    end: Annotated[str, typer.Option("--to", help="Where it ends.")],
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Learn nothing from hours of campaigns."""
    said = said_by(Verb.EXCLUDE_WINDOW, by, why)
    said |= {"window_start": time_of("--from", start), "window_end": time_of("--to", end)}
    settings = reachable_settings(config, bootstrap)
    tell(settings, of(settings, campaigns, said), wait, json=json)


@app.command("reject-outage")
def reject_outage(  # noqa: PLR0913
    campaigns: Campaigns,
    *,
    by: ByOption = None,
    why: WhyOption = "",
    wait: WaitOption = 30,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Say that suspected outages of campaigns are none: their numbers are right."""
    settings, said = reachable_settings(config, bootstrap), said_by(Verb.REJECT_OUTAGE, by, why)
    tell(settings, of(settings, campaigns, said), wait, json=json)
