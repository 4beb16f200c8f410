"""``pacekeeper report``: one HTML file about what was spent, decided and foreseen, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.console import await_result, counted, done, note, warn
from workers.cli.options import BootstrapOption, ConfigOption, reachable_settings
from workers.errors import UsageError
from workers.kafka import connect
from workers.report.building import Book
from workers.report.model import Report, Wishes
from workers.report.page import page_of
from workers.report.reading import Source
from workers.report.writing import check_place, write_page
from workers.settings import Settings

_ONE_DAY = timedelta(days=1)
_LENGTH_OF_DATE = 10

OutputOption = Annotated[
    Path, typer.Option("--output", "-o", help="Where the page goes; a file there is replaced.")
]
CampaignOption = Annotated[
    list[str] | None,
    typer.Option(
        "--campaign",
        metavar="TEXT",
        help="Show campaigns whose key contains this text; repeatable. Default: most spend.",
    ),
]
MostOption = Annotated[
    int, typer.Option("--most", min=1, max=50, help="Campaigns to show one by one, at most.")
]
CompareOption = Annotated[
    str | None,
    typer.Option("--compare", metavar="PREFIX", help="Compare with the topics of this prefix."),
]
FromOption = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="TIME",
        help="First hour: 2026-03-01 or 2026-03-01T08:00Z, UTC. Default: the first decision.",
    ),
]
ToOption = Annotated[
    str | None,
    typer.Option("--to", metavar="TIME", help="End; of a date, the day included. Default: now."),
]


def report(  # noqa: PLR0913 -- a command has as many arguments as options
    *,
    output: OutputOption = Path("report.html"),
    campaign: CampaignOption = None,
    most: MostOption = 12,
    compare: CompareOption = None,
    since: FromOption = None,
    until: ToOption = None,
    bootstrap: BootstrapOption = None,
    config: ConfigOption = None,
) -> None:
    """Write one HTML file about the campaigns; it needs no network to be read.

    Spend against plan, target and forecast, decisions with their reasons, holds, the hours of the
    week, whether forecasts held, and a comparison with another prefix if one is given.
    """
    wishes = Wishes(
        campaigns=tuple(campaign or ()),
        most=most,
        since=_second("--from", since),
        until=_second("--to", until, end=True),
    )
    check_place(output)
    settings = reachable_settings(config, bootstrap)
    found = await_result(_report(settings, wishes, compare))
    if not found.shown:
        warn(f"no campaign has a name with {' or '.join(wishes.campaigns)}")
    write_page(page_of(found), output)
    done(f"written to {output}: {counted(found.campaigns, one='campaign')}; open it in a browser")


async def _report(settings: Settings, wishes: Wishes, compare: str | None) -> Report:
    note("reading the topics")
    book = await _book(settings, settings.topics.prefix, wishes)
    if compare is None:
        return book.report()
    other = await _book(settings, compare, wishes)
    return book.report(other, name=compare)


async def _book(settings: Settings, prefix: str, wishes: Wishes) -> Book:
    source = Source(connection=connect(settings.broker), prefix=prefix)
    book = await source.book(wishes)
    if source.unreadable:
        records = counted(source.unreadable, one="record")
        warn(f"{records} of {prefix} could not be read and are not in the report")
    return book


def _second(option: str, text: str | None, *, end: bool = False) -> int | None:
    """Return a time as seconds since 1970; of a date its beginning, or as an end the day after."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} is {text!r}, which is no time",
            remedy="write a date such as 2026-03-01, or a time such as 2026-03-01T08:00Z",
        ) from error
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    if end and len(text) <= _LENGTH_OF_DATE:
        time += _ONE_DAY
    return int(time.timestamp())
