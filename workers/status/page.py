"""One campaign on a terminal: sentences, and small tables beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from schemas.zones import zone
from workers.pages import print_page, section
from workers.report.wording import NOTHING, exact, moment
from workers.status import cells, governing, score_wording, sentences
from workers.status.answers import Answers, HourOfDay
from workers.status.model import CampaignStatus, Score, Use
from workers.status.oddities import sentences_of
from workers.status.table import STYLES

WIDEST: Final = 110
"""Columns from which lines would be too long to be read."""

_BESIDE: Final = 78
"""Columns from which two halves of a day stand beside each other."""

_LINE: Final = 20
"""Characters of an hour's line before its bar."""

_LONGEST_BAR: Final = 24
_HALF_A_POINT: Final = 0.5


def print_campaign(console: Console, found: Answers) -> None:
    """Print all that is answered of a campaign, at most `WIDEST` columns wide."""
    print_page(console, _page(found, min(console.width, WIDEST)), WIDEST)


def _page(found: Answers, width: int) -> Iterator[RenderableType]:
    status = found.status
    risk = Text(f"{status.risk} risk", style=STYLES[status.risk])
    yield Text.assemble((status.campaign, "bold"), "  ", risk)
    yield Text(sentences.head(status), style="dim")
    yield from section("How it stands", [_budgets(status), *_lines(sentences.standing(status))])
    if found.hours:
        name = f"Today, hour by hour, in {status.currency}"
        yield from section(name, [_day(found.hours, status, width)])
    yield from section("Is it at risk, and what would help", _lines(sentences.helping(found)))
    if status.score is not None:
        name = f"How well it is run: {status.score.points:.0f} of 100"
        yield from section(name, [_score(status.score)])
    yield from section("The next hours", _lines(sentences.next_hours(found)))
    yield from section("What was learned", _lines(sentences.learned(found)))
    yield from section("What is held, and why", _lines(sentences.held(found)))
    deciding = governing.sentences_of(status.governed, status.waits)
    yield from section("Who decides", _lines(deciding))
    if status.odd:
        yield from section("What may be counted wrongly", _lines(sentences_of(status.odd)))
    yield from section("What changed last", [_changes(found)])


def _lines(told: Sequence[str]) -> list[RenderableType]:
    return [Text(each) for each in told]


def _budgets(status: CampaignStatus) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    for name in ("spent", "budget", "used", "at worst"):
        table.add_column(name, justify="right")
    for name, use, worst in _stretches(status):
        own = status.period is not None and name == status.period.value
        amount = "" if worst is None else exact(worst, status.currency)
        budget = exact(use.budget, status.currency)
        row = exact(use.spent, status.currency), budget, cells.per_cent(use.share), amount
        table.add_row(name, *row, style="bold" if own else "")
    return table


def _stretches(status: CampaignStatus) -> Iterator[tuple[str, Use, float | None]]:
    worst = status.worst
    yield "day", status.day, worst.day if worst else None
    yield "week", status.week, worst.week if worst else None
    yield "month", status.month, worst.month if worst else None
    if status.flight is not None:
        yield "flight", status.flight, None


def _day(hours: Sequence[HourOfDay], status: CampaignStatus, width: int) -> RenderableType:
    most = max((each.spent or each.planned or 0.0 for each in hours), default=0.0) or 1.0
    halves = (hours[:12], hours[12:]) if width >= _BESIDE else (hours, ())
    room = min((width - 2) // (2 if halves[1] else 1) - _LINE - 4, _LONGEST_BAR)
    grid = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4):
        grid.add_column()
    blank = (Text(), Text())
    for left, right in zip_longest(*halves):
        pair = (_hour(each, status, most, room) if each else blank for each in (left, right))
        grid.add_row(*(cell for cells_of in pair for cell in cells_of))
    key = Text.assemble(
        ("━ spent", "cyan"), "   ", ("━ to come", "yellow"), "   ", "? not reported"
    )
    return Group(grid, Text.assemble(key))


def _hour(each: HourOfDay, status: CampaignStatus, most: float, room: int) -> tuple[Text, Text]:
    start = each.start.astimezone(zone(status.timezone))
    amount = each.planned if each.spent is None else each.spent
    unknown = "?" if each.start < status.as_of else NOTHING
    told = unknown if amount is None else cells.money(amount, status.currency)
    style = "yellow" if each.spent is None else "cyan"
    bar = "━" * round(room * (amount or 0.0) / most)
    return Text(f"{start:%H:%M} {told:>{_LINE - 8}}"), Text(f"{bar:<{room}}", style=style)


def _score(found: Score) -> RenderableType:
    """Return each part: its points of those it counts for, why, and what would raise it."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for part in sorted(found.parts, key=lambda each: -each.lacking):
        of = f"{part.weight - part.lacking:.0f} of {part.weight:.0f}" if part.weight else NOTHING
        more = part.remedy if part.lacking >= _HALF_A_POINT else ""
        told = f"{part.reason}. +{part.lacking:.0f}: {more}." if more else f"{part.reason}."
        table.add_row(score_wording.NAMES[part.name], of, Text(told[0].upper() + told[1:]))
    return table


def _changes(found: Answers) -> RenderableType:
    if not found.changes:
        return Text("Nothing: the audit trail has no entry about it.")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in found.changes:
        table.add_row(moment(int(each.at.timestamp())), each.status, Text(each.text))
    return table
