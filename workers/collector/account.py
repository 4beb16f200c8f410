"""One account of a platform, asked round after round: what came, and who changed what."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from engine.delay import AGES
from schemas.errors import SchemaError
from schemas.metrics import MetricsEvent
from schemas.record import CampaignRecord
from schemas.topic import Topic
from schemas.topics import EDITS, METRICS
from schemas.zones import zone
from workers.collector import daily
from workers.collector.depth import FIRST, Depths
from workers.collector.edits import campaign_of, fresh, record_of
from workers.collector.hourly import Cell, Pulled, event_of, hourly_cells, snapshot
from workers.collector.hours import HOUR, hours_of
from workers.collector.instruments import Instruments
from workers.collector.limited import Reports
from workers.collector.publisher import Publisher
from workers.connectors.errors import Rejected
from workers.connectors.protocol import Account

HISTORY: Final = timedelta(days=7)
"""How far back edits are asked for after a start."""
_LATE: Final = timedelta(hours=1)
"""How late an edit may come into a platform's history."""
RecordT = TypeVar("RecordT", bound=CampaignRecord)

_log = structlog.get_logger("pacekeeper")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What all accounts of a collector share."""

    publisher: Publisher
    instruments: Instruments
    now: Callable[[], datetime]


class AccountCollector:
    """What it remembers is what was told; without that it only tells the same once more."""

    def __init__(self, connector: Reports, platform: str, account_id: str, means: Means) -> None:
        self.platform, self.account_id = platform, account_id
        self.capabilities = connector.capabilities
        self.days = daily.ToldDays()
        """Where the platform tells no hours: those that were derived so far."""
        self.edits: dict[str, datetime] = {}
        """Ids of edits that were told, and when these were made."""
        self._connector, self._means = connector, means
        self._account: Account | None = None
        self._depths = Depths() if self.capabilities.hourly else Depths(daily.MOST_DAYS)
        self._told: dict[Cell, int] = {}
        self._heard_until: datetime | None = None

    async def round(self) -> None:
        """Ask the platform, and publish what is new.

        Raises
        ------
        ConnectorError
            The platform did not answer as it should; what was published before that is right.
        """
        now = self._means.now()
        if self._account is None:
            self._account = await self._connector.describe_account(self.account_id)
        days = self._depths.due(now)
        pulled = await self._pull(self._account, days, now)
        if pulled.rows:
            await self._tell(pulled)
        self._depths.done(days, now)
        if self.capabilities.history:
            await self._tell_history(self._account, now)

    async def _pull(self, account: Account, days: int, now: datetime) -> Pulled:
        try:
            today = now.astimezone(zone(account.timezone)).date()
        except SchemaError as error:
            raise Rejected(f"The account's time zone is not known: {error}") from None
        since = today - timedelta(days=days - 1)
        rows = await self._connector.read_performance(self.account_id, since, today)
        if any((row.hour is None) is self.capabilities.hourly for row in rows):
            raise Rejected("The connector tells hours where it says days, or days for hours.")
        self.days.forget_before(today - timedelta(days=daily.MOST_DAYS))
        return Pulled(
            platform=self.platform,
            account=account,
            since=since,
            until=today,
            rows=rows,
            as_of=max((row.as_of for row in rows), default=now),
        )

    async def _tell(self, pulled: Pulled) -> None:
        # In a thread: a month of a large account takes a minute, and probes are to be answered.
        signs, news = await asyncio.to_thread(self._news, pulled)
        await self._publish(METRICS, news)
        _log.info(
            "told",
            platform=self.platform,
            account_id=self.account_id,
            since=pulled.since.isoformat(),
            rows=len(pulled.rows),
            hours=len(news),
        )
        for event in news:
            self.days.hear(event)
        # What is asked for every hour, and a day: of older hours it is not known what was told.
        oldest = hours_of(pulled.until - timedelta(days=FIRST), pulled.account.timezone)[0]
        known = {**self._told, **signs}
        self._told = {cell: sign for cell, sign in known.items() if cell[1] >= oldest}

    def _news(self, pulled: Pulled) -> tuple[dict[Cell, int], list[MetricsEvent]]:
        """Return what is told by now of each hour, and the events that say anything new."""
        signs: dict[Cell, int] = {}
        news: list[MetricsEvent] = []
        for event in self._valid(self._events(pulled)):
            cell = event.campaign_id, event.window_start
            signs[cell] = _sign(event, pulled.as_of)
            if self._told.get(cell) != signs[cell]:
                news.append(event)
        return signs, news

    def _events(self, pulled: Pulled) -> Iterable[Callable[[], MetricsEvent]]:
        if self.capabilities.hourly:
            for cell, ad_sets in hourly_cells(pulled, self._told).items():
                yield partial(event_of, pulled, cell, ad_sets)
            return
        for cell, counts in self.days.cells(pulled).items():
            yield partial(snapshot, pulled, cell, counts, source=daily.SOURCE)

    async def _tell_history(self, account: Account, now: datetime) -> None:
        since = (self._heard_until - _LATE) if self._heard_until else now - HISTORY
        told = await self._connector.read_history(self.account_id, since)
        placed = [edit for edit in told if campaign_of(edit)]
        if len(placed) < len(told):
            self._means.instruments.refused.labels(self.platform, "no_campaign").inc()
            _log.warning(
                "edits_of_no_campaign",
                platform=self.platform,
                account_id=self.account_id,
                edits=len(told) - len(placed),
                problem="the platform does not say which campaigns their ad sets belong to",
            )
        records = self._valid(partial(record_of, self.platform, account, edit) for edit in placed)
        news = fresh(records, self.edits)
        await self._publish(EDITS, news)
        known = {**self.edits, **{record.edit_id: record.at for record in news}}
        self.edits = {edit_id: at for edit_id, at in known.items() if at >= since - _LATE}
        self._heard_until = now

    async def _publish(self, topic: Topic, records: list[RecordT]) -> None:
        await self._means.publisher.publish(topic, records)
        self._means.instruments.records.labels(self.platform, topic.name).inc(len(records))

    def _valid(self, making: Iterable[Callable[[], RecordT]]) -> list[RecordT]:
        """Return what can be made; what no record may hold is counted, told and left out."""
        found = []
        for make in making:
            try:
                found.append(make())
            except SchemaError as error:
                self._means.instruments.refused.labels(self.platform, error.reason).inc()
                _log.warning(
                    "refused",
                    platform=self.platform,
                    account_id=self.account_id,
                    problem=str(error),
                )
        return found


def _sign(event: MetricsEvent, as_of: datetime) -> int:
    """Return what differs where an hour is to be told anew.

    Which is where its numbers differ, or where it has come to another age of those that readers
    learn the delay of conversions by: that nothing changed until then teaches them, too.
    """
    age = (as_of - event.window_start - HOUR) / HOUR
    counts = (event.impressions, event.clicks, event.spend, event.conversions, event.revenue)
    return hash((counts, event.breakdown, bisect_right(AGES, age)))
