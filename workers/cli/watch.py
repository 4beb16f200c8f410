"""``pacekeeper watch``: recommendations and the audit trail as they are published."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Annotated

import typer
from aiokafka.structs import ConsumerRecord
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from schemas.topics import AUDIT, RECOMMENDATIONS
from workers.cli.console import await_result, note, printable
from workers.cli.options import BootstrapOption, ConfigOption, JsonOption, reachable_settings
from workers.events import Happening, audit_line, recommendation_line
from workers.kafka import connect
from workers.reading import follow, partitions_of, reader
from workers.settings import Settings

Show = Callable[[ConsumerRecord], None]
_CAMPAIGNS, _ENTRIES = 20, 10

_WIDE = 150
"""Columns from which a row has room for a campaign's whole key beside what was decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be watched."""

    campaign: str | None
    from_beginning: bool
    limit: int | None


def watch(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    campaign: Annotated[
        str | None, typer.Option(help="Only campaigns whose key contains this text.")
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="Begin with the oldest that is kept.")
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    json: JsonOption = False,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Follow recommendations and the audit trail live, until Ctrl-C.

    In a terminal: a table of the latest decision of each campaign, and the latest audit entries.
    Otherwise one line each; with --json the records themselves, one per line.
    """
    settings = reachable_settings(config, bootstrap)
    wish = Wish(campaign=campaign, from_beginning=from_beginning, limit=limit)
    console = Console()
    with suppress(KeyboardInterrupt):
        if json:
            await_result(_watch(settings, wish, _print_record))
        elif console.is_terminal:
            await_result(_watch_live(settings, wish, console))
        else:
            await_result(_watch(settings, wish, _Lines(settings).show))


async def _watch(settings: Settings, wish: Wish, show: Show) -> None:
    left = count(1)
    async with aclosing(_records(settings, wish)) as records:
        async for record in records:
            show(record)
            if next(left) == wish.limit:
                return


async def _watch_live(settings: Settings, wish: Wish, console: Console) -> None:
    board = _Board(lines=_Lines(settings))

    def draw() -> RenderableType:
        return board.render(narrow=console.width < _WIDE)

    with Live(console=console, get_renderable=draw, refresh_per_second=4, screen=False):
        await _watch(settings, wish, board.show)


async def _records(settings: Settings, wish: Wish) -> AsyncGenerator[ConsumerRecord, None]:
    topics = [topic.full_name(settings.topics.prefix) for topic in (RECOMMENDATIONS, AUDIT)]
    wanted = (wish.campaign or "").encode()
    connection = connect(settings.broker)
    partitions = await partitions_of(connection, topics)
    if not wish.from_beginning:
        note("waiting for what is published from now on; Ctrl-C ends")
    async with reader(connection) as consumer:
        following = follow(consumer, partitions, from_beginning=wish.from_beginning)
        async with aclosing(following) as records:
            async for record in records:
                if wanted in (record.key or b""):
                    yield record


def _print_record(record: ConsumerRecord) -> None:
    typer.echo((record.value or b"null").decode(errors="replace"))


class _Lines:
    """One line per record."""

    def __init__(self, settings: Settings) -> None:
        self._audit = AUDIT.full_name(settings.topics.prefix)

    def happening(self, record: ConsumerRecord) -> Happening:
        """Read a record of either topic."""
        value = record.value or b""
        tell = audit_line if record.topic == self._audit else recommendation_line
        seen = tell(value)
        return replace(seen, detail=printable(seen.detail))

    def is_audit(self, record: ConsumerRecord) -> bool:
        """Tell which of the two topics it is from."""
        return bool(record.topic == self._audit)

    def show(self, record: ConsumerRecord) -> None:
        """Print a record as a line."""
        seen = self.happening(record)
        at = f"{seen.at:%F %H:%M}Z" if seen.at else "?"
        typer.echo(f"{at:17}  {seen.what:18} {seen.campaign}  {seen.detail}")


@dataclass
class _Board:
    """The latest decision of each campaign, and the latest entries of the audit trail."""

    lines: _Lines
    decisions: dict[str, Happening] = field(default_factory=dict)
    entries: deque[Happening] = field(default_factory=lambda: deque(maxlen=_ENTRIES))
    counted: dict[str, int] = field(default_factory=dict)

    def show(self, record: ConsumerRecord) -> None:
        """Take in a record; the terminal is drawn four times a second, whatever arrives."""
        seen = self.lines.happening(record)
        self.counted[seen.what] = self.counted.get(seen.what, 0) + 1
        if self.lines.is_audit(record):
            self.entries.append(seen)
        else:
            self.decisions.pop(seen.campaign, None)
            self.decisions[seen.campaign] = seen

    def render(self, *, narrow: bool) -> RenderableType:
        """Draw both tables."""
        latest = list(self.decisions.values())[-_CAMPAIGNS:]
        counts = "  ".join(f"{what} {number:,}" for what, number in sorted(self.counted.items()))
        return Group(
            _table("latest decision of each campaign", reversed(latest), narrow=narrow),
            _table("latest entries of the audit trail", reversed(self.entries), narrow=narrow),
            Text(counts or "nothing yet", style="dim"),
        )


def _table(title: str, happenings: Iterable[Happening], *, narrow: bool) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, expand=True)
    for heading, ratio in (("at", None), ("what", None), ("campaign", 2), ("", 5)):
        table.add_column(heading, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for seen in happenings:
        # Where there is little room the end of the key tells campaigns apart, its head does not.
        at = "?" if seen.at is None else f"{seen.at:{'%d %H:%M' if narrow else '%F %H:%M'}}Z"
        campaign = seen.campaign.split(":", 2)[-1] if narrow else seen.campaign
        style = "" if seen.calm else "yellow"
        table.add_row(at, seen.what, Text(campaign), Text(seen.detail), style=style)
    return table
