"""Rows of hourly reports as metrics events: one for each campaign and hour.

Platforms leave out hours in which nothing happened, and hours that they do not report yet look the
same. So a missing hour is told as zero only where the same answer has a row, of any campaign of
the account, of a later hour that is itself over; and only after a campaign's first hour in the
answer, or where it was told before. An account of which nothing is reported is silent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from schemas.metrics import Breakdown, MetricsEvent
from workers.collector.counts import NOTHING, Counts, total
from workers.collector.hours import HOUR, divided, hours_of, starts
from workers.connectors.protocol import Account, Performance

SOURCE: Final = "collector"
MOST_SLICES: Final = 1000
"""Ad sets that one event can tell of; where there are more, it tells their sum alone."""

Cell = tuple[str, datetime]
"""A campaign, and when an hour begins in UTC."""
AdSets = Mapping[str, Counts]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One answer of a platform."""

    platform: str
    account: Account
    since: date
    """First local day that was asked for."""
    until: date
    """Last one."""
    rows: Sequence[Performance]
    as_of: datetime
    """When the platform was asked."""


def hourly_cells(pulled: Pulled, told: Collection[Cell] = ()) -> dict[Cell, AdSets]:
    """Return what came of each campaign and hour, by ad set, zeros included.

    Parameters
    ----------
    pulled
        Rows with hours; one of an hour that begins after it was asked for is passed over, since
        clocks differ by some seconds: it comes with the next answer.
    told
        Cells that were told before: where the answer leaves one out, it is a zero now.
    """
    cells: dict[Cell, dict[str, Counts]] = {}
    for row in pulled.rows:
        if row.hour is None:
            raise ValueError(f"{pulled.platform} says it reports by the hour, and told a day")
        begins = starts(row.day, row.hour, pulled.account.timezone)
        for start, part in divided(Counts.of(row), begins, row.as_of):
            if start <= row.as_of:
                ad_sets = cells.setdefault((row.campaign_id, start), {})
                ad_sets[row.ad_set_id] = ad_sets.get(row.ad_set_id, NOTHING).plus(part)
    zeros = _zeros(pulled, cells, told) if cells else ()
    return {**cells, **{cell: {} for cell in zeros}}


def _zeros(pulled: Pulled, cells: Collection[Cell], told: Collection[Cell]) -> list[Cell]:
    over = [start for _, start in cells if start + HOUR <= pulled.as_of]
    if not over:
        return []
    first: dict[str, datetime] = {}
    for campaign, start in cells:
        first[campaign] = min(start, first.get(campaign, start))
    asked = {start for start in _asked(pulled) if start < max(over)}
    missing = {(campaign, start) for campaign in first for start in asked}
    missing = {cell for cell in missing if cell[1] > first[cell[0]]}
    missing |= {cell for cell in told if cell[1] in asked}
    return sorted(missing - set(cells))


def _asked(pulled: Pulled) -> Iterable[datetime]:
    days = (pulled.until - pulled.since).days + 1
    for day in (pulled.since + timedelta(number) for number in range(days)):
        yield from hours_of(day, pulled.account.timezone)


def event_of(pulled: Pulled, cell: Cell, ad_sets: AdSets) -> MetricsEvent:
    """Return the snapshot of a campaign's hour, as known when the platform was asked.

    Raises
    ------
    SchemaError
        The platform told what no event may hold, such as a count below zero.
    """
    slices = tuple(
        Breakdown(ad_set_id=ad_set, **counts._asdict())
        for ad_set, counts in sorted(ad_sets.items())
        if ad_set
    )
    return snapshot(
        pulled, cell, total(ad_sets.values()), slices if len(slices) <= MOST_SLICES else ()
    )


def snapshot(
    pulled: Pulled,
    cell: Cell,
    counts: Counts,
    slices: tuple[Breakdown, ...] = (),
    source: str = SOURCE,
) -> MetricsEvent:
    """Return an event whose ``sequence_number`` is the milliseconds of when it was asked for.

    So a later answer takes the place of an earlier one whatever order they come in, and the same
    answer is the same event.
    """
    as_of = pulled.as_of
    return MetricsEvent(
        platform=pulled.platform,
        account_id=pulled.account.account_id,
        campaign_id=cell[0],
        window_start=cell[1],
        window_end=cell[1] + HOUR,
        **counts._asdict(),
        currency=pulled.account.currency,
        account_timezone=pulled.account.timezone,
        sequence_number=int(as_of.timestamp() * 1000),
        emitted_at=as_of,
        source=source,
        breakdown=slices,
    )
