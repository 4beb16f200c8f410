"""``pacekeeper experiment``: compare two policies on the same campaigns, day by day."""

from __future__ import annotations

import getpass
from datetime import UTC, date, datetime
from typing import Annotated

import typer
from rich.console import Console

from schemas import Experiment, ExperimentMetric, encode
from schemas.topics import EXPERIMENTS
from workers.cli.console import await_result, counted, done, note, print_json, warn
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.errors import UsageError
from workers.experiment.analysing import analysed
from workers.experiment.beginning import Wish, before_it, warnings, wished
from workers.experiment.ending import stopped
from workers.experiment.page import print_analysis, print_list, reaching
from workers.experiment.reading import ExperimentLog, read_log
from workers.kafka import connect
from workers.reading import partitions_of, writer
from workers.settings import Settings

app = typer.Typer(help="Compare two policies, day by day.", no_args_is_help=True)

_DAYS = ["%Y-%m-%d"]
_NAME = typer.Argument(metavar="NAME", help="Of the experiment.")
ByOption = Annotated[
    str | None, typer.Option(help="Who does it; default: the name of the user who runs this.")
]


@app.callback()
def experiment() -> None:
    """Compare two policies on the same campaigns, by days that take turns, or on two halves."""


@app.command()
def start(  # noqa: PLR0913 -- the options of one command
    name: Annotated[str, _NAME],
    *,
    campaign: Annotated[
        list[str] | None,
        typer.Option(help="A campaign that takes turns, or the end of its name; repeatable."),
    ] = None,
    platform: Annotated[str | None, typer.Option(help="All campaigns of this platform.")] = None,
    account: Annotated[str | None, typer.Option(help="Only those of this account.")] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            metavar="control=A,treatment=B",
            help="Two campaigns that one audience was split between; repeatable.",
        ),
    ] = None,
    treatment: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="What the treatment sets; repeatable."),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=VALUE", help="What the control sets; default: the plan's."),
    ] = None,
    metric: Annotated[ExperimentMetric, typer.Option(help="What days are compared by.")] = (
        ExperimentMetric.CONVERSIONS
    ),
    block_days: Annotated[int, typer.Option(help="Local days before the next turn.")] = 1,
    burn_in_hours: Annotated[int, typer.Option(help="First hours of a block left out.")] = 6,
    alpha: Annotated[float, typer.Option(help="Probability of a wrong verdict, ever.")] = 0.05,
    first: Annotated[
        datetime | None,
        typer.Option("--start", formats=_DAYS, help="First local day; default: the next one."),
    ] = None,
    last: Annotated[
        datetime | None, typer.Option("--end", formats=_DAYS, help="Last local day, if any.")
    ] = None,
    by: ByOption = None,
    why: Annotated[str, typer.Option(help="What is to be found out.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check it and say how long it takes, no more.")
    ] = False,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Begin an experiment: check it against plans and metrics, say how long it takes, publish it.

    A side may set strategy, target_cpa, target_roas, learning_share, reallocate_within_day and
    guardrails.NAME; budgets, caps and autonomy are the plan's on all days. With --pair and nothing
    set, two campaigns are compared as they are, from any day on.
    """
    wish = Wish(
        name=name,
        campaigns=tuple(campaign or ()),
        platform=platform,
        account=account,
        pairs=tuple(pair or ()),
        control=tuple(control or ()),
        treatment=tuple(treatment or ()),
        start=_day(first),
        others=(
            ("metric", metric),
            ("block_days", block_days),
            ("burn_in_hours", burn_in_hours),
            ("alpha", alpha),
            ("end", _day(last)),
            ("by", by or _user()),
            ("why", why),
        ),
    )
    _begin(reachable_settings(config, bootstrap), wish, dry_run=dry_run, json=json)


def _begin(settings: Settings, wish: Wish, *, dry_run: bool, json: bool) -> None:
    """Check what is wished, publish it unless it is a dry run, and say how long it takes."""
    log = _log(settings)
    told = wished(log, wish)
    for text in warnings(log, told):
        warn(text)
    usual = before_it(log, told)
    if not dry_run:
        await_result(_publish(settings, told))
    if json:
        print_json({"experiment": told, "before": usual, "published": not dry_run})
        return
    note(f"by the days before it: {reaching(usual)}")
    what = "would be published" if dry_run else "is published"
    days = f"it begins on {told.start}, for each campaign as its local day begins"
    done(f"experiment {wish.name} {what}: {days}")


@app.command()
def status(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Of the experiment; default: all.")
    ] = None,
    *,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Show what is known: the effect, the interval, the verdict and what it would take to know.

    Look as often as you like: interval and p hold at all times together. Nothing is changed.
    """
    log = _log(reachable_settings(config, bootstrap))
    console = Console()
    if name is not None:
        found = analysed(log, _experiment(log, name))
        print_json(found) if json else print_analysis(console, found)
        return
    every = [analysed(log, log.experiments[each]) for each in sorted(log.experiments)]
    if json:
        for each in every:
            print_json(each)
    elif every:
        print_list(console, every)
    else:
        note("there is no experiment; `pacekeeper experiment start` begins one")


@app.command()
def stop(  # noqa: PLR0913 -- the options of one command
    name: Annotated[str, _NAME],
    *,
    why: Annotated[str, typer.Option(help="Why it ends.")],
    at: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M:%SZ"], help="From when on no decision is under it, UTC."
        ),
    ] = None,
    by: ByOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Stop an experiment: what is decided from now on goes by the plans alone."""
    settings = reachable_settings(config, bootstrap)
    log = _log(settings)
    told = stopped(
        _experiment(log, name),
        now=datetime.now(UTC).replace(microsecond=0),
        at=at.replace(tzinfo=UTC) if at else None,
        by=by or _user(),
        why=why,
    )
    _warn_of_reported_hours(log, told)
    await_result(_publish(settings, told))
    done(f"experiment {name} is stopped; `pacekeeper experiment status {name}` tells what it found")


def _warn_of_reported_hours(log: ExperimentLog, told: Experiment) -> None:
    if told.stopped_at and told.stopped_at.timestamp() < log.as_of:
        warn(
            "hours after that time are reported: what was decided in them under the experiment "
            "cannot be explained once Kafka has compacted what it was"
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run as a user without a name.
        return "command line"


def _day(given: datetime | None) -> date | None:
    return None if given is None else given.date()


def _log(settings: Settings) -> ExperimentLog:
    log, unreadable = await_result(read_log(connect(settings.broker), settings.topics.prefix))
    if unreadable:
        records = counted(unreadable, one="record")
        warn(f"{records} of {settings.topics.prefix} could not be read and are left out")
    return log


def _experiment(log: ExperimentLog, name: str) -> Experiment:
    if name in log.experiments:
        return log.experiments[name]
    there = ", ".join(sorted(log.experiments)[:5])
    raise UsageError(
        f"there is no experiment {name}",
        remedy=f"there is {there}" if there else "`pacekeeper experiment start` begins one",
    )


async def _publish(settings: Settings, told: Experiment) -> None:
    connection = connect(settings.broker)
    topic = EXPERIMENTS.full_name(settings.topics.prefix)
    await partitions_of(connection, [topic])
    async with writer(connection) as producer:
        await producer.send_and_wait(topic, encode(told), key=told.key)
