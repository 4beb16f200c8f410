"""An account on a terminal: a line for each campaign, as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from workers.pages import print_page
from workers.report.wording import NOTHING, counted
from workers.status import cells
from workers.status.model import CampaignStatus, CurrencyTotal

ENDLESS: Final = 10_000
"""Columns of what is no terminal: nothing is left out."""

STYLES: Final = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "green"}

_GAP: Final = 2
_NARROWEST: Final = 14
"""Characters that a campaign's name has at least."""

_DETAIL: Final = "dim"
_MOMENT: Final = "%F %H:%M %Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; those of low ``rank`` are shown first where there is little room."""

    name: str
    rank: int
    of: Callable[[CampaignStatus], str]
    total: Callable[[CurrencyTotal], str] = lambda _: ""
    left: bool = False


COLUMNS: Final = (
    Column(name="risk", rank=0, of=lambda c: c.risk, total=lambda t: t.risk, left=True),
    Column(name="campaign", rank=0, of=lambda c: c.campaign, total=cells.owner, left=True),
    Column(
        name="in",
        rank=0,
        of=lambda c: c.currency,
        total=lambda t: t.currency,
        left=True,
    ),
    Column(name="score", rank=4, of=cells.points, total=cells.points),
    Column(
        name="today / budget",
        rank=1,
        of=lambda c: cells.spent_of(c.day, c.currency),
        total=lambda t: cells.spent_of(t.day, t.currency),
    ),
    Column(
        name="day",
        rank=7,
        of=lambda c: cells.per_cent(c.day.share),
        total=lambda t: cells.per_cent(t.day.share),
    ),
    Column(
        name="week",
        rank=8,
        of=lambda c: cells.per_cent(c.week.share),
        total=lambda t: cells.per_cent(t.week.share),
    ),
    Column(
        name="month",
        rank=9,
        of=lambda c: cells.per_cent((c.flight or c.month).share),
        total=lambda t: cells.per_cent(t.month.share),
    ),
    Column(name="pace", rank=2, of=lambda c: cells.pace_of(c.ahead.pace)),
    Column(name="ends at", rank=3, of=lambda c: cells.money(c.ahead.p50, c.currency)),
    Column(
        name="p10\N{EN DASH}p90",
        rank=11,
        of=lambda c: cells.between(c.ahead.p10, c.ahead.p90, c.currency),
    ),
    Column(
        name="runs out",
        rank=4,
        of=lambda c: cells.moment(c.ahead.exhausts_at, c.as_of, c.timezone),
    ),
    Column(
        name="CPA",
        rank=6,
        of=cells.cost,
        total=lambda t: cells.money(t.brought.cpa.middle, t.currency),
    ),
    Column(name="told so far", rank=17, of=cells.cost_told),
    Column(
        name="range",
        rank=12,
        of=cells.cost_range,
        total=lambda t: cells.ends(t.brought.cpa, t.currency),
    ),
    Column(
        name="trend",
        rank=10,
        of=lambda c: cells.trend(c.brought.trend),
        total=lambda t: cells.trend(t.brought.trend),
        left=True,
    ),
    Column(
        name="CVR",
        rank=13,
        of=lambda c: cells.rate(c.brought.conversion_rate),
        total=lambda t: cells.rate(t.brought.conversion_rate),
    ),
    Column(
        name="range of it",
        rank=16,
        of=lambda c: cells.rates(c.brought.conversion_rate),
        total=lambda t: cells.rates(t.brought.conversion_rate),
    ),
    Column(name="sure", rank=14, of=lambda c: cells.sure(c.ahead.confidence)),
    Column(
        name="worst day",
        rank=15,
        of=lambda c: cells.worst_day(c.worst, c.currency),
        total=lambda t: cells.money(t.worst_day, t.currency),
    ),
    Column(
        name="held",
        rank=5,
        of=lambda c: c.hold.reason.replace("_", " ") if c.hold else "",
        total=lambda t: f"{t.held} held" if t.held else "",
        left=True,
    ),
)


def print_account(
    console: Console,
    campaigns: Sequence[CampaignStatus],
    totals: Sequence[CurrencyTotal],
    *,
    left_out: int = 0,
) -> None:
    """Print campaigns in their order and totals below them, within the console's width.

    ``left_out`` is how many more there are than are listed; totals count them.
    """
    rows = [[column.of(each) for column in COLUMNS] for each in campaigns]
    sums = [[column.total(each) for column in COLUMNS] for each in totals]
    shown, name = _chosen([*rows, *sums], console.width)
    notes = [Text(note, style=_DETAIL) for note in _notes(shown, left_out)]
    parts = Group(_headline(campaigns), _table(shown, name, rows, sums), *notes)
    print_page(console, [parts], console.width)


def _headline(campaigns: Sequence[CampaignStatus]) -> Text:
    if not campaigns:
        return Text("There is no campaign to be listed.\n", "bold")
    times = [each.as_of for each in campaigns]
    first, last = min(times), max(times)
    since = f", the oldest of {first:{_MOMENT}}" if first < last else ""
    return Text(f"{counted(len(campaigns), 'campaign')} as of {last:{_MOMENT}}{since}\n", "bold")


def _chosen(rows: Sequence[Sequence[str]], width: int) -> tuple[list[int], int]:
    """Return which columns fit, and how wide the campaign's may be."""
    widths = [
        max(len(column.name), *(len(row[at]) for row in rows)) for at, column in enumerate(COLUMNS)
    ]
    filled = [any(row[at] not in {"", NOTHING} for row in rows) for at in range(len(COLUMNS))]
    name = next(at for at, column in enumerate(COLUMNS) if column.name == "campaign")
    room = width - min(widths[name], _NARROWEST)
    shown = [name]
    for at in sorted(range(len(COLUMNS)), key=lambda at: COLUMNS[at].rank):
        if at != name and filled[at] and widths[at] + _GAP <= room:
            shown.append(at)
            room -= widths[at] + _GAP
    return sorted(shown), min(widths[name], _NARROWEST) + room


def _table(
    shown: Sequence[int],
    name: int,
    rows: Sequence[Sequence[str]],
    sums: Sequence[Sequence[str]],
) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style=_DETAIL)
    for at in shown:
        column = COLUMNS[at]
        table.add_column(column.name, justify="left" if column.left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(row, at, name) for at in shown))
    table.add_row()
    for row in sums:
        table.add_row(*(_cell(row, at, name) for at in shown), style="bold")
    return table


def _cell(row: Sequence[str], at: int, name: int) -> Text:
    column, text = COLUMNS[at], row[at]
    if column.name == "campaign":
        return Text(_tail(text, name))
    style = STYLES.get(text, "") if column.name == "risk" else ""
    styles = {"worse": "yellow", "better": "green"}
    return Text(text, style=styles.get(text, style))


def _tail(text: str, width: int) -> str:
    """Return the end of a key, which tells campaigns of an account apart as its head does not."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"


def _notes(shown: Sequence[int], left_out: int) -> list[str]:
    notes = [""]
    if left_out:
        notes.append(f"{counted(left_out, 'more campaign')} in the totals, not in the list.")
    notes.append("Pace 1.00 is as learned and meant. CPA, CVR: last 7 days. Ranges hold 4 of 5.")
    if len(shown) < len(COLUMNS):
        notes.append("A wider terminal shows more columns, --json all that is known.")
    return notes
