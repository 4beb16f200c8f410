"""``pacekeeper simulator``: a market that publishes metrics and obeys what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from schemas import Strategy
from workers.cli.console import await_result, done, note
from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.simulator.live import Course, Setting, Surroundings, Told, simulate
from workers.simulator.population import make_world
from workers.simulator.reports import Faults, Outage

_HOUR_SECONDS = 3_600

OutageOption = Annotated[
    list[str] | None,
    typer.Option(metavar="HOUR:LENGTH", help="Such as 6:3, from the sixth live hour; repeatable."),
]


def simulator(  # noqa: PLR0913 -- the options of one command
    *,
    campaigns: Annotated[int, typer.Option(min=1, max=100_000, help="How many campaigns.")] = 40,
    seed: Annotated[int, typer.Option(help="Which world; the same seed plays the same.")] = 1,
    start: Annotated[
        datetime | None,
        typer.Option(help="First live hour, UTC, in the past; default: two days ago."),
    ] = None,
    hours: Annotated[
        int | None, typer.Option(min=1, help="Live hours to play; default: until Ctrl-C.")
    ] = None,
    history_days: Annotated[
        int, typer.Option(min=0, max=90, help="Days before it, published at once.")
    ] = 14,
    seconds_per_hour: Annotated[
        float, typer.Option(min=0, help="How long an hour takes while it lies in the past.")
    ] = 2.0,
    strategy: Annotated[
        Strategy, typer.Option(help="What the campaigns' plans ask for.")
    ] = Strategy.DAYPARTING,
    late: Annotated[
        float, typer.Option(min=0, max=1, help="Share of reports that come hours late.")
    ] = 0.0,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share of reports that come twice.")
    ] = 0.0,
    reorder: Annotated[bool, typer.Option("--reorder", help="Mix up each hour's reports.")] = False,
    reporting_outage: OutageOption = None,
    tracking_outage: OutageOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Run a market of simulated campaigns that publishes metrics and obeys the audit trail.

    Campaigns have plans with full autonomy, so a running optimizer and executor take over their
    hourly budgets. Simulated time is ahead of nobody: hours in the past are run through quickly,
    those of the present take as long as they take.
    """
    settings = reachable_settings(config, bootstrap)
    first = _first_hour(start, datetime.now(UTC))
    faults = Faults(
        late_share=late,
        duplicate_share=duplicates,
        reorder=reorder,
        reporting_outages=_outages("--reporting-outage", reporting_outage or (), first),
        tracking_outages=_outages("--tracking-outage", tracking_outage or (), first),
    )
    course = Course(
        start=first, hours=hours, history=history_days * 24, seconds_per_hour=seconds_per_hour
    )
    setting = Setting(
        world=make_world(campaigns, seed=seed), faults=faults, course=course, strategy=strategy
    )
    around = Surroundings(
        connection=connect(settings.broker),
        topics=settings.topics,
        now=lambda: datetime.now(UTC),
        tell=_tell,
    )
    await_result(simulate(setting, around))
    done("the course is over")


def _first_hour(start: datetime | None, now: datetime) -> int:
    chosen = now - timedelta(days=2) if start is None else start.replace(tzinfo=UTC)
    if chosen > now:
        raise UsageError(f"--start {chosen:%Y-%m-%d %H:%M} lies in the future")
    return int(chosen.timestamp()) // _HOUR_SECONDS


def _outages(option: str, given: Sequence[str], first: int) -> tuple[Outage, ...]:
    outages = []
    for text in given:
        begin, colon, length = text.partition(":")
        if not (colon and begin.isdecimal() and length.isdecimal() and int(length)):
            raise UsageError(f"{option} {text}: must be HOUR:LENGTH, such as 6:3")
        outages.append(Outage(start=first + int(begin), end=first + int(begin) + int(length)))
    return tuple(sorted(outages, key=lambda outage: outage.start))


def _tell(told: Told) -> None:
    note(
        f"{told.at:%Y-%m-%d %H:%M} UTC  {told.events:,} events published, "
        f"{told.obeyed:,} campaigns follow the audit trail"
    )
