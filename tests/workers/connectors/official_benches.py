"""Platforms with accounts that the kit's laws are run on, and which of them each connector has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, Protocol

from tests.workers.connectors import google_parts, linkedin_parts, meta_parts
from tests.workers.connectors.benches import SECONDS, received, simulated
from workers.connectors.kit import Bench
from workers.connectors.meta.reports import CONVERSION
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Fault
from workers.sandbox.linkedin import store as linkedin_store
from workers.sandbox.meta import store as meta_store
from workers.sandbox.webhook import FITTING

VALUES = (Decimal("62.34"), Decimal("71.07"))


def now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def google(seconds: float = SECONDS) -> AsyncIterator[Bench]:
    async with google_parts.speaking(seconds=seconds) as (connector, platform):

        def report(day: date, conversions: int) -> None:
            row = {
                "campaign": {"id": 11},
                "segments": {"date": day.isoformat(), "hour": 9},
                "metrics": {"cost_micros": 1_500_000, "conversions": float(conversions)},
            }
            platform.world.hours.append((google_parts.ACCOUNT, now(), row))

        yield Bench(
            connector=connector,
            platform=platform,
            budget=google_parts.BUDGET,
            bid=google_parts.BID,
            values=VALUES,
            unknown=replace(google_parts.BUDGET, entity_id="9"),
            missing=replace(google_parts.BUDGET, lever=Lever.COST_CAP),
            secrets=google_parts.SECRETS,
            report=report,
            tokens=True,
        )


@asynccontextmanager
async def meta(seconds: float = SECONDS) -> AsyncIterator[Bench]:
    budget = meta_parts.reference(Lever.DAILY_BUDGET)
    async with meta_parts.meta(now=now, seconds=seconds) as (platform, connector):
        platform.page = 2

        def report(day: date, conversions: int) -> None:
            told = {"actions": [{"action_type": CONVERSION, "value": str(conversions)}]}
            hour = meta_store.Reported(
                account_id="1", ad_set_id="7", day=day, hour=9, since=now(), metrics=told
            )
            platform.store.reported.append(hour)

        yield Bench(
            connector=connector,
            platform=platform,
            budget=budget,
            bid=meta_parts.reference(Lever.BID),
            values=VALUES,
            unknown=replace(budget, entity_id="9"),
            missing=replace(budget, lever=Lever.TARGET_CPA),
            secrets=(meta_parts.CANARY, meta_parts.SECRET),
            report=report,
        )


@asynccontextmanager
async def linkedin(seconds: float = SECONDS) -> AsyncIterator[Bench]:
    budget = linkedin_parts.reference(Lever.DAILY_BUDGET)
    async with (
        linkedin_parts.linkedin() as platform,
        linkedin_parts.connected(platform, seconds=seconds) as connector,
    ):

        def report(day: date, conversions: int) -> None:
            told = {"externalWebsiteConversions": conversions}
            row = linkedin_store.Reported(
                account_id="1", campaign_id="7", day=day, since=now(), metrics=told
            )
            platform.store.reported.append(row)

        yield Bench(
            connector=connector,
            platform=platform,
            budget=budget,
            bid=linkedin_parts.reference(Lever.BID),
            values=VALUES,
            unknown=replace(budget, entity_id="9"),
            missing=replace(budget, lever=Lever.TARGET_ROAS),
            secrets=linkedin_parts.SECRETS,
            report=report,
            tokens=True,
        )


class Opened(Protocol):
    """Opens a bench whose connector waits for so many seconds for an answer."""

    def __call__(self, seconds: float = SECONDS) -> AbstractAsyncContextManager[Bench]: ...


BENCHES: Final[dict[str, tuple[Opened, frozenset[Fault]]]] = {
    "simulate": (simulated, frozenset()),
    "webhook": (received, FITTING),
    # Meta does not say that somebody else changes the same thing, and does or fails one change.
    "meta": (meta, frozenset(Fault) - {Fault.CONFLICT, Fault.PARTIAL_FAILURE}),
    # Google Ads counts no changes of a budget by the hour.
    "google": (google, frozenset(Fault) - {Fault.BUDGET_CHANGES}),
    # LinkedIn says not how long to wait, counts no changes of a budget, and does or fails one.
    "linkedin": (
        linkedin,
        frozenset(Fault) - {Fault.THROTTLED, Fault.BUDGET_CHANGES, Fault.PARTIAL_FAILURE},
    ),
}
"""By the connector's name: how its platform is opened, and the faults that this one can have."""
