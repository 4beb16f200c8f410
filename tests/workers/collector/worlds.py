"""Platforms on loopback with reports in them, and real clients that ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

from tests.workers.connectors.google_parts import ACCOUNT as GOOGLE_ACCOUNT
from tests.workers.connectors.google_parts import speaking
from tests.workers.connectors.linkedin_parts import connected, linkedin
from workers.collector.counts import Counts
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.protocol import Connector
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.linkedin.server import LinkedInSandbox
from workers.sandbox.linkedin.store import Reported as ReportedDay
from workers.sandbox.meta.server import MetaSandbox
from workers.sandbox.meta.store import Reported

TOKEN = "canary-of-the-collector"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
AUTUMN = date(2025, 10, 26)
"""A day of 25 hours in Zurich and Berlin."""


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


def counts(draw: Random) -> Counts:
    clicks = draw.randint(1, 500)
    return Counts(
        clicks * 20,
        clicks,
        Decimal(draw.randint(1, 99_999)) / 100,
        Decimal(clicks),
        Decimal(clicks),
    )


@dataclass
class Meta:
    platform: MetaSandbox
    connector: MetaConnector
    name: str = "meta"
    account_id: str = "1"
    timezone: str = "Europe/Zurich"
    ad_sets: Mapping[str, str] = field(default_factory=lambda: {"7": "5", "8": "5", "9": "6"})

    def report(self, ad_set: str, day: date, hour: int, told: Counts, since: datetime) -> None:
        actions = {"action_type": "offsite_conversion.fb_pixel_purchase"}
        self.platform.store.reported.append(
            Reported(
                account_id="1",
                ad_set_id=ad_set,
                day=day,
                hour=hour,
                since=since,
                metrics={
                    "impressions": str(told.impressions),
                    "clicks": str(told.clicks),
                    "spend": str(told.spend),
                    "actions": [{**actions, "value": str(told.conversions)}],
                    "action_values": [{**actions, "value": str(told.revenue)}],
                },
            )
        )


@asynccontextmanager
async def meta(clock: Clock, token: str = TOKEN) -> AsyncIterator[Meta]:
    platform = MetaSandbox(clock)
    platform.access_token = TOKEN
    platform.store.add_account("1", "EUR")
    for campaign in ("5", "6"):
        platform.store.add_campaign("1", campaign)
    for ad_set, campaign in (("7", "5"), ("8", "5"), ("9", "6")):
        platform.store.add_ad_set("1", ad_set, campaign, daily_budget="5000")
    await platform.start()
    platform.page = 1_000
    options = MetaOptions(address=platform.address, timeout=2.5, app_id="app")
    connector = MetaConnector(MetaCredentials(access_token=token), options, clock)
    try:
        yield Meta(platform, connector)
    finally:
        await connector.aclose()
        await platform.stop()


@dataclass
class Google:
    platform: GoogleSandbox
    connector: Connector
    name: str = "google"
    account_id: str = GOOGLE_ACCOUNT
    timezone: str = "Europe/Berlin"

    def report(self, campaign: str, day: date, hour: int, told: Counts, since: datetime) -> None:
        row = {
            "campaign": {"id": int(campaign)},
            "segments": {"date": day.isoformat(), "hour": hour},
            "metrics": {
                "impressions": told.impressions,
                "clicks": told.clicks,
                "cost_micros": int(told.spend * 1_000_000),
                "conversions": float(told.conversions),
                "conversions_value": float(told.revenue),
            },
        }
        self.platform.world.hours.append((self.account_id, since, row))


@asynccontextmanager
async def google() -> AsyncIterator[Google]:
    async with speaking() as (connector, platform):
        platform.world.add_campaign(GOOGLE_ACCOUNT, "12")
        yield Google(platform, connector)


@dataclass
class LinkedIn:
    platform: LinkedInSandbox
    connector: Connector
    name: str = "linkedin"
    account_id: str = "1"
    timezone: str = "UTC"

    def report(self, campaign: str, day: date, told: Counts, since: datetime) -> None:
        self.platform.store.reported.append(
            ReportedDay(
                account_id="1",
                campaign_id=campaign,
                day=day,
                since=since,
                metrics={
                    "impressions": told.impressions,
                    "clicks": told.clicks,
                    "costInLocalCurrency": str(told.spend),
                    "externalWebsiteConversions": int(told.conversions),
                    "conversionValueInLocalCurrency": str(told.revenue),
                },
            )
        )


@asynccontextmanager
async def linked_in(clock: Clock) -> AsyncIterator[LinkedIn]:
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.now = clock
        connector._now = clock
        yield LinkedIn(platform, connector)


@asynccontextmanager
async def worlds(clock: Clock) -> AsyncIterator[tuple[Meta, Google, LinkedIn]]:
    async with AsyncExitStack() as stack:
        yield (
            await stack.enter_async_context(meta(clock)),
            await stack.enter_async_context(google()),
            await stack.enter_async_context(linked_in(clock)),
        )


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)
