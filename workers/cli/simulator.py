"""``pacekeeper simulator``: a market that publishes metrics and obeys what is in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from schemas import Strategy
from workers.cli.console import await_result, done, note
from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.settings import Settings
from workers.simulator.live import Course, Published, Setting, Surroundings, simulate
from workers.simulator.population import make_world
from workers.simulator.reports import Faults, Outage

_HOUR_SECONDS = 3_600

CampaignsOption = Annotated[int, typer.Option(min=1, max=100_000, help="How many campaigns.")]
SeedOption = Annotated[int, typer.Option(help="Which world; the same seed plays the same.")]
StartOption = Annotated[
    datetime | None,
    typer.Option(help="First live hour, UTC, in the past; default: two days ago."),
]
HoursOption = Annotated[
    int | None, typer.Option(min=1, help="Live hours to play; default: until Ctrl-C.")
]
HistoryOption = Annotated[
    int, typer.Option(min=0, max=90, help="Days before it, published at once.")
]
PaceOption = Annotated[
    float, typer.Option(min=0, help="How long an hour takes while it lies in the past.")
]
StrategyOption = Annotated[Strategy, typer.Option(help="What the campaigns' plans ask for.")]
LateOption = Annotated[
    float, typer.Option(min=0, max=1, help="Share of reports that come hours late.")
]
DuplicatesOption = Annotated[
    float, typer.Option(min=0, max=1, help="Share of reports that come twice.")
]
ReorderOption = Annotated[bool, typer.Option("--reorder", help="Mix up each hour's reports.")]
OutageOption = Annotated[
    list[str] | None,
    typer.Option(metavar="HOUR:LENGTH", help="Such as 6:3, from the sixth live hour; repeatable."),
]


def simulator(  # noqa: PLR0913 -- the options of one command
    *,
    campaigns: CampaignsOption = 40,
    seed: SeedOption = 1,
    start: StartOption = None,
    hours: HoursOption = None,
    history_days: HistoryOption = 14,
    seconds_per_hour: PaceOption = 2.0,
    strategy: StrategyOption = Strategy.ADAPTIVE,
    late: LateOption = 0.0,
    duplicates: DuplicatesOption = 0.0,
    reorder: ReorderOption = False,
    reporting_outage: OutageOption = None,
    tracking_outage: OutageOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Run a market of simulated campaigns that publishes metrics and obeys the audit trail.

    Campaigns have plans with full autonomy, so a running optimizer and executor take over what
    they bid and may spend. Simulated time is ahead of nobody: hours in the past are run through
    quickly, those of the present take as long as they take.
    """
    course = _course(start, hours, history_days, seconds_per_hour)
    outages = _all_outages(reporting_outage or (), tracking_outage or (), course.start)
    faults = replace(outages, late_share=late, duplicate_share=duplicates, reorder=reorder)
    world = make_world(campaigns, seed=seed)
    setting = Setting(world=world, faults=faults, course=course, strategy=strategy)
    await_result(simulate(setting, _surroundings(reachable_settings(config, bootstrap))))
    done("the course is over")


def _course(
    start: datetime | None, hours: int | None, history_days: int, seconds_per_hour: float
) -> Course:
    return Course(
        start=_first_hour(start, datetime.now(UTC)),
        hours=hours,
        history=history_days * 24,
        seconds_per_hour=seconds_per_hour,
    )


def _all_outages(reporting: Sequence[str], tracking: Sequence[str], first: int) -> Faults:
    return Faults(
        reporting_outages=_outages("--reporting-outage", reporting, first),
        tracking_outages=_outages("--tracking-outage", tracking, first),
    )


def _surroundings(settings: Settings) -> Surroundings:
    return Surroundings(
        connection=connect(settings.broker),
        topics=settings.topics,
        now=lambda: datetime.now(UTC),
        tell=_tell,
    )


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


def _tell(told: Published) -> None:
    note(
        f"{told.at:%Y-%m-%d %H:%M} UTC  {told.events:,} events published, "
        f"{told.obeyed:,} campaigns follow the audit trail"
    )
