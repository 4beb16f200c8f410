"""Hours out of repeated reports of whole days, for platforms that tell no hours.

What a day has grown by between two pulls is told at the hour of the later pull: when within that
time it came is not known, so it is spread over no hours. After a missed pull an hour holds what
came in several; a pull after the day's end, and each restatement, counts to the day's last hour.
Labels are those of the day's clock: on a day of 25 hours one of them holds two hours, on a day of
23 one of them never comes, be it the first or the last.
Restatements downwards make an hour's difference negative: the sum over a day's hours is always
what the last pull told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from workers.connectors.protocol import Performance


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedHour:
    """What is told at one hour of a day, derived from pulls and not reported by the platform."""

    row: Performance
    """``hour`` is that of the pull; amounts may be negative where the platform took some back."""
    since: datetime | None
    """The pull before: what came may have come at any time since; None is the day's start."""


def hours_by_difference(pulls: Iterable[Performance], timezone: str) -> list[DerivedHour]:
    """Return the differences between pulls, by campaign, ad set, day and time of pull.

    Parameters
    ----------
    pulls
        Reports of whole days (``hour`` None), in any order, repeats allowed.
    timezone
        The account's, which its days and hours are in.

    Raises
    ------
    ValueError
        A report is of an hour, or two of one day at one instant do not agree.
    """
    days: dict[tuple[object, ...], dict[datetime, Performance]] = {}
    for pull in pulls:
        _add(days.setdefault(_key(pull), {}), pull)
    zone = ZoneInfo(timezone)
    derived: list[DerivedHour] = []
    for key in sorted(days, key=str):
        told = [days[key][at] for at in sorted(days[key])]
        derived.append(DerivedHour(row=_at_hour(told[0], zone), since=None))
        derived += [_grown(before, after, zone) for before, after in pairwise(told)]
    return derived


def _key(pull: Performance) -> tuple[object, ...]:
    return pull.account_id, pull.campaign_id, pull.ad_set_id, pull.day, pull.currency


def _add(told: dict[datetime, Performance], pull: Performance) -> None:
    if pull.hour is not None:
        raise ValueError(f"The report of {pull.day} is of hour {pull.hour}: it needs no deriving.")
    if told.setdefault(pull.as_of, pull) != pull:
        raise ValueError(
            f"Two reports of campaign {pull.campaign_id} on {pull.day}, both as of"
            f" {pull.as_of}, do not agree: keep one of them."
        )


def _at_hour(row: Performance, zone: ZoneInfo) -> Performance:
    return replace(row, hour=_within(row.as_of, row.day, zone).astimezone(zone).hour)


def _within(as_of: datetime, day: date, zone: ZoneInfo) -> datetime:
    """Return the instant of a local day that is nearest to that of a pull."""
    starts, ends = (
        datetime.combine(midnight, time(), zone).astimezone(UTC)
        for midnight in (day, day + timedelta(days=1))
    )
    return min(max(as_of, starts), ends - timedelta.resolution)


def _grown(before: Performance, after: Performance, zone: ZoneInfo) -> DerivedHour:
    row = replace(
        _at_hour(after, zone),
        impressions=after.impressions - before.impressions,
        clicks=after.clicks - before.clicks,
        spend=after.spend - before.spend,
        conversions=after.conversions - before.conversions,
        revenue=after.revenue - before.revenue,
    )
    return DerivedHour(row=row, since=before.as_of)
