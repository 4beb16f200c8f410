"""``pacekeeper demo``: everything at work on a simulated market, in about two minutes."""

from __future__ import annotations

import dataclasses
import os
import secrets
import signal
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Literal

import typer
from msgspec.structs import replace
from rich.console import Console

from deploy.broker import Broker, BrokerSettings
from deploy.broker.settings import default_cache_dir
from workers.cli.broker import broker_errors
from workers.cli.console import await_result, note, print_json
from workers.cli.extras import check_clients
from workers.cli.options import BootstrapOption, ConfigOption, read_settings, with_bootstrap
from workers.demo.children import workers_of
from workers.demo.place import Place, Script
from workers.demo.result import Result
from workers.demo.screen import ABOUT, FEWER, ON_PLATFORMS, WIDTH, Screen, screen_on
from workers.demo.stage import Stage
from workers.demo.summary import print_summary
from workers.kafka import connect
from workers.report.writing import check_place
from workers.sandbox.portfolio import numbered
from workers.settings import Settings
from workers.simulator.population import make_world

_HOUR = 3_600
_DAY = 24
_PARTITIONS = 4
_SEED = "Which world: the same seed, the same auctions; results may differ slightly."


_CAMPAIGNS, _ON_PLATFORMS = 40, 10


PlatformsChoice = Literal["sandbox"]
"""What the executor acts on."""

CampaignsOption = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1_000,
        show_default=f"{_CAMPAIGNS}; {_ON_PLATFORMS} with --platforms",
        help="How many campaigns.",
    ),
]
PlatformsOption = Annotated[
    PlatformsChoice | None,
    typer.Option(help="Let the executor act on platforms on loopback, in mode live."),
]
SeedOption = Annotated[int, typer.Option(help=_SEED)]
ResultOption = Annotated[
    bool, typer.Option("--json", help="Print the result as one line of JSON, too, last.")
]
ReportOption = Annotated[
    Path, typer.Option("--report", help="Where the page about it goes; one there is replaced.")
]
KeepOption = Annotated[
    bool,
    typer.Option(
        "--keep", help="Keep its Kafka until Ctrl-C, or its topics in yours, to look around."
    ),
]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How it is shown, and whether the executor acts on platforms."""

    console: Console
    about: str
    report: Path
    live: bool


def demo(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    campaigns: CampaignsOption = None,
    seed: SeedOption = 1,
    report: ReportOption = Path("pacekeeper-demo.html"),
    json: ResultOption = False,
    keep: KeepOption = False,
    platforms: PlatformsOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Show everything at work: Kafka, simulated campaigns, two live days after two weeks.

    Starts a Kafka of its own and removes it at the end; with --bootstrap it uses yours, in topics
    of their own that it deletes at the end. Nothing real is changed. With --keep one can look
    around when it is over: explain, status and report know its topics.
    """
    # What a script starts in the background ignores SIGINT, and would ignore SIGTERM with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _as_interrupt)
    console = Console(width=None if os.isatty(1) else WIDTH)
    settings = read_settings(config, bootstrap).settings
    check_place(report)
    if platforms:
        check_clients()
    script = _script(campaigns, seed, platforms)
    about = ABOUT + ON_PLATFORMS + ("" if campaigns else FEWER) if platforms else ABOUT
    shown = _Shown(console=console, about=about, report=report, live=platforms is not None)
    own = not settings.broker.bootstrap
    with ExitStack() as stack:
        stage, result = _play(stack, script, settings, shown, keep=keep)
        print_summary(console, result)
        if json:
            print_json(result.facts())
        if keep:
            _keep(stage.place, own=own)
    if not result.as_told:
        raise typer.Exit(1)


def _script(campaigns: int | None, seed: int, platforms: PlatformsChoice | None) -> Script:
    """Return what is played; platforms name campaigns by numbers."""
    world = make_world(campaigns or (_ON_PLATFORMS if platforms else _CAMPAIGNS), seed=seed)
    world = numbered(world) if platforms else world
    return Script(world=world, live_from=_live_from(time.time()))


def _play(
    stack: ExitStack,
    script: Script,
    settings: Settings,
    shown: _Shown,
    *,
    keep: bool,
) -> tuple[Stage, Result]:
    """Play from beginning to end; when interrupted, say how far it came and what is left of it.

    What is started for it ends with ``stack``.
    """
    began, stage, own = time.monotonic(), None, not settings.broker.bootstrap
    try:
        with screen_on(shown.console, shown.about) as screen:
            place = _place(stack, settings, screen, shown.report)
            if shown.live:
                place = _on_platforms(stack, script, place)
            stage = Stage(script=script, place=place, began=began)
            return stage, await_result(_run(stage, clean=not own and not keep))
    except KeyboardInterrupt:
        played = stage.hours_played if stage else 0
        reached = (
            f"at hour {played} of {script.live_hours}"
            if played
            else "before the first hour was over"
        )
        gone = "Kafka and its data are removed" if own else "the demo's topics are deleted"
        note(f"stopped {reached}; {gone}")
        raise


def _place(stack: ExitStack, settings: Settings, screen: Screen, report: Path) -> Place:
    """Return topics and workers of the demo's own, on a Kafka of its own where none is set."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pacekeeper-demo-")))
    if not settings.broker.bootstrap:
        screen.step("Starting Kafka")
        with broker_errors():
            broker = stack.enter_context(Broker(_embedded(folder), report=screen.progress))
        settings = with_bootstrap(settings, broker.bootstrap)
    settings = _own_topics(settings)
    return Place(
        settings=settings,
        connection=connect(settings.broker),
        screen=screen,
        workers=workers_of(settings, folder),
        report=report,
    )


def _on_platforms(stack: ExitStack, script: Script, place: Place) -> Place:
    """Return the place with platforms to act on, whose secrets are gone with it."""
    from workers.demo.platforms import Platforms  # noqa: PLC0415 -- has clients to import

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pacekeeper-demo-")))
    platforms = Platforms(world=script.world, directory=folder)
    workers = workers_of(place.settings, folder, platforms.file)
    return dataclasses.replace(place, workers=workers, platforms=platforms)


def _keep(place: Place, *, own: bool) -> None:
    """Say how to look around; a Kafka of the demo's own goes when somebody ends it."""
    broker, topics = place.settings.broker.bootstrap, place.settings.topics
    note(
        f"{'Kafka is kept until Ctrl-C' if own else 'the topics are kept'}; to look around: "
        f"export PACEKEEPER_BROKER={broker} PACEKEEPER_TOPICS_PREFIX={topics.prefix} "
        f"PACEKEEPER_TOPICS_PARTITIONS={topics.partitions}"
    )
    if own:
        with suppress(KeyboardInterrupt):
            signal.pause()


def _live_from(now: float) -> int:
    """Return the first hour of the last Wednesday that is over, and Thursday too, since 1970.

    The same days of the week whenever the demo is run, so that runs can be compared.
    """
    today = int(now) // _HOUR // _DAY
    # 1 January 1970 was a Thursday: days that are 6 more than a multiple of 7 are Wednesdays.
    return (today - 2 - (today - 2 - 6) % 7) * _DAY


def _embedded(folder: Path) -> BrokerSettings:
    return BrokerSettings(
        data_dir=folder / "kafka", cache_dir=default_cache_dir(os.environ), port=0
    )


def _own_topics(settings: Settings) -> Settings:
    """Return settings whose topics nobody else has, in so few partitions that start-up is quick."""
    prefix = f"{settings.topics.prefix}-demo-{secrets.token_hex(3)}"
    topics = replace(settings.topics, prefix=prefix, partitions=_PARTITIONS)
    return replace(settings, topics=topics)


async def _run(stage: Stage, *, clean: bool) -> Result:
    """Run the demo, and delete its topics whatever becomes of it if ``clean``."""
    try:
        return await stage.run()
    finally:
        if clean:
            await _delete_topics(stage.place)


async def _delete_topics(place: Place) -> None:
    prefix = place.settings.topics.prefix
    async with place.connection.admin() as admin:
        ours = [name for name in await admin.list_topics() if name.startswith(prefix)]
        await admin.delete_topics(ours)


def _as_interrupt(*_: object) -> None:
    """Let SIGTERM end the demo as Ctrl-C does, with everything stopped."""
    signal.raise_signal(signal.SIGINT)
