"""What the demo shows while it runs: a live picture on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from workers.demo.result import Counts

WIDTH = 100

ABOUT = (
    "Simulated campaigns on four platforms, each with its own auctions and shoppers, in accounts "
    "of five currencies and eight time zones. Two weeks of history teach Pacekeeper their habits; "
    "then two days go by, an hour at a time: metrics go in through Kafka, the optimizer decides "
    "each campaign's bids and the most that its next hour may spend, the executor carries it out "
    "and writes the audit trail, and the market obeys."
)

ON_PLATFORMS = (
    " Here the executor acts on Meta, Google Ads, LinkedIn and a receiver of webhooks that run on "
    "this machine, by the clients of the real ones: each value is read, set and read back."
)
FEWER = " That takes its time, so there are 10 campaigns in place of 40."
"""Follow `ABOUT` where platforms are acted on; the second where nobody has said how many."""

_PLAIN_EVERY = 6
_TALL = 36
"""Lines of a terminal that holds everything; a smaller one has no room for what is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountNow:
    """One account at the end of a simulated hour; money in its currency."""

    name: str
    currency: str
    local_time: datetime
    budget: Decimal
    """Of the local day, all campaigns together."""
    spent: Decimal
    """On the local day so far."""
    next_hour: Decimal
    """What the next hour is meant to spend."""
    conversions: int
    conversions_even: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """The state of the demo at the end of a simulated hour."""

    time: datetime
    hour: int
    """Live hours played."""
    hours: int
    """Live hours in all."""
    accounts: Sequence[AccountNow]
    counts: Counts
    latest: str
    """The last decision, in words."""


class Screen(Protocol):
    """Where the demo shows itself."""

    def step(self, text: str) -> None:
        """Say what is being done now; the step before it is done."""

    def progress(self, text: str) -> None:
        """Say how far the step is, or what it waits for."""

    def show(self, picture: Picture) -> None:
        """Show the live market."""


class PlainScreen:
    """Lines of text, one for each step and for every sixth simulated hour."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def step(self, text: str) -> None:
        """Print the step and the seconds since the beginning."""
        self._print(text)

    def progress(self, text: str) -> None:
        """Print nothing: a log is no place for what passes."""

    def show(self, picture: Picture) -> None:
        """Print one line for every sixth hour."""
        if picture.hour % _PLAIN_EVERY and picture.hour != picture.hours:
            return
        live = sum(account.conversions for account in picture.accounts)
        even = sum(account.conversions_even for account in picture.accounts)
        self._print(
            f"{picture.time:%a %H:%M} UTC, hour {picture.hour} of {picture.hours}: "
            f"{live:,} conversions, {even:,} under even hourly budgets"
        )

    def _print(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:6.1f} s  {text}", soft_wrap=True, highlight=False)


@dataclass(slots=True)
class _Step:
    text: str
    began: float
    took: float | None = None


@dataclass(slots=True)
class LiveScreen:
    """A picture that is drawn again as things happen."""

    live: Live
    about: str = ABOUT
    _steps: list[_Step] = field(default_factory=list)
    _detail: str = ""
    _picture: Picture | None = None

    def step(self, text: str) -> None:
        """Tick off the last step and begin the next."""
        now = time.monotonic()
        if self._steps:
            self._steps[-1].took = now - self._steps[-1].began
        self._steps.append(_Step(text, now))
        self._detail = ""
        self._draw()

    def progress(self, text: str) -> None:
        """Show ``text`` beside the step."""
        self._detail = text
        self._draw()

    def show(self, picture: Picture) -> None:
        """Show the accounts and what the workers have said."""
        self._picture = picture
        self._draw()

    def _draw(self) -> None:
        steps, head = self._steps, [title(self.about)]
        if self._picture is not None and self.live.console.height < _TALL:
            steps, head = steps[-1:], []
        parts: list[RenderableType] = [*head, *map(self._line, steps)]
        if self._picture is not None:
            parts += _live_parts(self._picture)
        self.live.update(Group(*parts))

    def _line(self, step: _Step) -> RenderableType:
        if step.took is not None:
            return Text.assemble(("  ✓ ", "green"), step.text, (f"  {step.took:.1f} s", "dim"))
        text = Text.assemble(" ", step.text, (f"  {self._detail}", "dim"))
        return Padding(Spinner("dots", text=text, style="cyan"), (0, 0, 0, 2))


@contextmanager
def screen_on(console: Console, about: str = ABOUT) -> Iterator[Screen]:
    """Give the screen that suits ``console``, for as long as the block lasts."""
    if not console.is_terminal:
        console.print(f"Pacekeeper demo\n{about}\n", highlight=False)
        yield PlainScreen(console)
        return
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        yield LiveScreen(live, about)


def title(about: str = ABOUT) -> RenderableType:
    """Return the head of the picture: what one sees."""
    return Panel(
        Text(about), title="[bold]Pacekeeper demo", title_align="left", width=WIDTH, style="dim"
    )


def _live_parts(picture: Picture) -> list[RenderableType]:
    head = Table.grid(padding=(0, 2))
    head.add_row(
        Text(f"  {picture.time:%A %H:%M} UTC", style="bold"),
        Text(f"hour {picture.hour} of {picture.hours}"),
        ProgressBar(total=picture.hours, completed=picture.hour, width=40),
    )
    counts = picture.counts
    foot = Text.assemble(
        ("  ", ""),
        (f"{counts.events:,}", "bold"),
        " events in  ",
        (f"{counts.recommendations:,}", "bold"),
        " recommendations  ",
        (f"{counts.actions:,}", "bold"),
        " actions  ",
        (f"{counts.audit_entries:,}", "bold"),
        " audit entries",
    )
    latest = Text(f"  {picture.latest}", style="dim", overflow="ellipsis", no_wrap=True)
    return [Text(), head, accounts_table(picture), foot, latest]


def accounts_table(picture: Picture) -> Table:
    """Return the table of accounts, at most `WIDTH` columns wide."""
    table = Table(
        header_style="bold",
        border_style="dim",
        box=SIMPLE_HEAD,
        show_edge=False,
        collapse_padding=True,
    )
    table.add_column("Account", no_wrap=True, min_width=21)
    for name in ("Local", "Day budget", "Spent", "%", "Next hour", "Conv.", "Even"):
        table.add_column(name, justify="right", no_wrap=True)
    for account in picture.accounts:
        ahead = account.conversions >= account.conversions_even
        table.add_row(
            account.name,
            f"{account.local_time:%a %H:%M}",
            money(account.budget, account.currency),
            f"{account.spent:,.0f}",
            f"{account.spent / account.budget:.0%}",
            f"{account.next_hour:,.0f}",
            Text(f"{account.conversions:,}", style="green" if ahead else "yellow"),
            Text(f"{account.conversions_even:,}", style="dim"),
        )
    return table


def money(amount: Decimal, currency: str) -> str:
    """Return an amount in whole units of currency, for reading."""
    return f"{currency} {amount:,.0f}"
