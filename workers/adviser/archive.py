"""What is kept of an account: its campaigns, and by campaign the last closed days by slice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np

from engine.calendar import day_start
from schemas import Aims, BidTerms, Breakdowns, campaign_key
from workers.adviser.counting import WAYS
from workers.adviser.draft import Draft
from workers.adviser.slices import Names
from workers.adviser.tables import day_key, head_key, roster_key
from workers.instants import day_number
from workers.optimizer.zones import ZoneBook

KEPT_DAYS: Final = 28
"""Closed days that advice goes by."""

Row = tuple[Names, tuple[int, ...], tuple[tuple[int, ...], ...]]
"""A slice: its names, its hours of the day, and of each count of a `DaySlice` a number an hour."""


class KeptDay(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """One closed local day of a campaign, as it was told last."""

    day: int
    begins: int
    """First second of the day."""
    closed: int
    """Second as of which it was told: how old its counts were."""
    refused: int
    """Hours whose breakdown said more than their total."""
    again: bool
    """Whether it was told before, otherwise: the publisher restates."""
    rows: tuple[Row, ...]
    counted: int = 0
    """How its conversions are counted: in `workers.adviser.counting.WAYS`."""


class Said(msgspec.Struct, frozen=True, array_like=True):
    """What was advised last of a kind."""

    day: int
    """Local day on which it was."""
    what: str
    """What it came to, without its numbers: while that stays it is not said again for a week."""
    identity: str
    until: int
    """Second at which it expires."""


class Bidding(msgspec.Struct, frozen=True, array_like=True):
    """What the newest record says of bids."""

    terms: BidTerms
    bid: str | None
    changed: int | None
    """Second from which on reports named that bid."""
    learning: bool
    cut: bool = False
    """Whether an emergency had cut the bid when the day was told."""
    multiplier: str | None = None
    """By which the reported bid was multiplied, where the audit trail says."""
    in_force: dict[str, str] = {}
    """Bids that were set since, by ad set, "" for the campaign itself."""


class Head(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What was told of a campaign last."""

    days: tuple[int, ...] = ()
    """Closed days that are kept, oldest first."""
    timezone: str = "UTC"
    currency: str | None = None
    aims: Aims | None = None
    bidding: Bidding | None = None
    closed: int = -1
    """Second as of which the newest record was told."""
    offset: int = -1
    advised: int = -1
    """Local day on which the campaign was looked at last."""
    said: dict[str, Said] = {}
    chances: dict[str, tuple[float, ...]] = {}
    """By kind, the chances of all that was tested when the campaign was looked at last."""
    shown: tuple[tuple[str, str, dict[str, tuple[int, int]], float], ...] = ()
    """What its peers need: unit, its kind, impressions and clicks by place, spread of its days."""
    again: int = -1
    """Newest local day that was told again, otherwise than before."""


class Roster(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The campaigns of an account."""

    newest: dict[bytes, int] = {}
    """Newest closed day of each."""


_DAY: Final = msgspec.msgpack.Decoder(KeptDay)
_HEAD: Final = msgspec.msgpack.Decoder(Head)
_ROSTER: Final = msgspec.msgpack.Decoder(Roster)


class Archive:
    """Reads and writes the table of days; each call sees what the step wrote before."""

    def __init__(self, draft: Draft) -> None:
        """Keep the days in ``draft``."""
        self._draft = draft
        self._heads: dict[bytes, Head] = {}

    def head(self, campaign: bytes) -> Head:
        """Return what was told of a campaign last; each is decoded once a step."""
        known = self._heads.get(campaign)
        if known is None:
            value = self._draft.read(head_key(campaign))
            known = self._heads[campaign] = Head() if value is None else _HEAD.decode(value)
        return known

    def put_head(self, campaign: bytes, head: Head) -> None:
        """Keep what is known of a campaign."""
        self._heads[campaign] = head
        self._draft.writes[head_key(campaign)] = msgspec.msgpack.encode(head)

    def campaigns(self, account: bytes) -> Sequence[bytes]:
        """Return the campaigns of an account, in order."""
        return sorted(self._roster(account).newest)

    def days(self, campaign: bytes) -> list[KeptDay]:
        """Return the days that are kept of a campaign, oldest first."""
        keys = [day_key(campaign, day) for day in self.head(campaign).days]
        values = [self._draft.read(key) for key in keys]
        return [_DAY.decode(value) for value in values if value is not None]

    def take(self, row: Breakdowns, zones: ZoneBook, offset: int) -> bool:
        """Keep a day in place of what was known of it; return whether anything is new.

        A day as of an earlier clock than the one that is known comes too late to say anything.
        """
        campaign = campaign_key(row.platform, row.account_id, row.campaign_id)
        head, day = self.head(campaign), day_number(row.day)
        newest = max((*head.days, day))
        key = day_key(campaign, day)
        stored, kept = self._draft.read(key), _kept(row, zones)
        known = None if stored is None else _DAY.decode(stored)
        if day <= newest - KEPT_DAYS or (known is not None and known.closed > kept.closed):
            return False
        if known is not None:
            again = known.again or known.rows != kept.rows
            kept = msgspec.structs.replace(kept, again=again)
            head = msgspec.structs.replace(head, again=max(head.again, day if again else -1))
        if kept == known:
            return False
        self._draft.writes[key] = msgspec.msgpack.encode(kept)
        gone = [each for each in head.days if each <= newest - KEPT_DAYS]
        self._draft.writes.update({day_key(campaign, each): None for each in gone})
        self.put_head(campaign, _told(head, row, (day, newest), offset))
        self._enrol(row.key, campaign, newest)
        return True

    def restates(self, account: bytes) -> bool:
        """Return whether a kept day of any of an account's campaigns was told again, otherwise."""
        heads = [self.head(each) for each in self.campaigns(account)]
        return any(each.again in each.days for each in heads)

    def _roster(self, account: bytes) -> Roster:
        value = self._draft.read(roster_key(account))
        return Roster() if value is None else _ROSTER.decode(value)

    def _enrol(self, account: bytes, campaign: bytes, newest: int) -> None:
        """Note a campaign's newest day, and forget those that the account has left behind."""
        all_ = {**self._roster(account).newest, campaign: newest}
        oldest = max(all_.values()) - 2 * KEPT_DAYS
        for each in [each for each, last in all_.items() if last < oldest]:
            keys = [head_key(each), *(day_key(each, day) for day in self.head(each).days)]
            self._draft.writes.update(dict.fromkeys(keys))
            del all_[each], self._heads[each]
        ordered = {each: all_[each] for each in sorted(all_)}
        self._draft.writes[roster_key(account)] = msgspec.msgpack.encode(Roster(ordered))


def _kept(row: Breakdowns, zones: ZoneBook) -> KeptDay:
    zone = zones.rows([row.timezone.encode()])
    day = day_number(row.day)
    begins = int(day_start(zones.calendar, zone, np.array([day]))[0])
    rows = tuple(
        (
            (each.ad_set_id, each.device, each.placement),
            each.hours,
            (
                each.impressions,
                each.clicks,
                each.spend_millionths,
                each.conversion_millionths,
                each.revenue_millionths,
            ),
        )
        for each in row.slices
    )
    closed = int(row.closed_at.timestamp())
    counted = WAYS.index(row.conversions_counted)
    return KeptDay(day, begins, closed, row.refused_hours, again=False, rows=rows, counted=counted)


def _told(head: Head, row: Breakdowns, days: tuple[int, int], offset: int) -> Head:
    day, newest = days
    closed = int(row.closed_at.timestamp())
    latest = closed >= head.closed
    kept = {*head.days, day}
    return msgspec.structs.replace(
        head,
        days=tuple(sorted(each for each in kept if each > newest - KEPT_DAYS)),
        timezone=row.timezone if latest else head.timezone,
        currency=row.currency if latest else head.currency,
        aims=row.aims if latest else head.aims,
        bidding=_bidding(row) if latest else head.bidding,
        closed=max(closed, head.closed),
        offset=max(offset, head.offset),
    )


def _bidding(row: Breakdowns) -> Bidding | None:
    if row.bid_terms is None:
        return None
    changed = None if row.bid_changed_at is None else int(row.bid_changed_at.timestamp())
    bid = None if row.current_bid is None else str(row.current_bid)
    return Bidding(
        terms=row.bid_terms,
        bid=bid,
        changed=changed,
        learning=row.learning,
        cut=row.bid_returns_at is not None,
        multiplier=None if row.bid_multiplier is None else str(row.bid_multiplier),
        in_force={each.ad_set_id or "": str(each.bid) for each in row.bids_in_force},
    )
