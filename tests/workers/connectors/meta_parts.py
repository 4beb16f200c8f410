"""Meta's connector and Meta on loopback, with what tests put there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from schemas.fields import Entity
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.protocol import Change, Lever, Receipt, Ref, State
from workers.sandbox.meta.server import MetaSandbox

CANARY = "canary-token-7f3a"
SECRET = "canary-secret"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Clock:
    """What time it is on the platform; moved by hand."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Move on by a `timedelta`."""
        self.at += timedelta(**by)


def reference(lever: Lever, entity: Entity = Entity.AD_SET, entity_id: str = "7") -> Ref:
    return Ref(account_id="1", entity=entity, entity_id=entity_id, lever=lever)


def change_of(ref: Ref, target: str, currency: str = "EUR") -> Change:
    return Change(ref=ref, target=Decimal(target), currency=currency, key="k")


async def state_of(connector: MetaConnector, ref: Ref) -> State:
    return (await connector.read_state([ref]))[ref]


@asynccontextmanager
async def meta(
    currency: str = "EUR",
    token: str = CANARY,
    address: str = "",
    now: Callable[[], datetime] = lambda: NOON,
    seconds: float = 1.5,
) -> AsyncIterator[tuple[MetaSandbox, MetaConnector]]:
    """Open both: campaign 5 leaves budgets to its ad set 7, campaign 6 has the budget of 8."""
    platform = MetaSandbox(now)
    platform.access_token = CANARY
    platform.store.add_account("1", currency)
    platform.store.add_campaign("1", "5")
    platform.store.add_campaign("1", "6", daily_budget="9000")
    capped = {"bid_amount": 150, "bid_strategy": "LOWEST_COST_WITH_BID_CAP"}
    platform.store.add_ad_set("1", "7", "5", daily_budget="5000", **capped)
    platform.store.add_ad_set("1", "8", "6")
    await platform.start()
    options = MetaOptions(address=address or platform.address, timeout=seconds, app_id="app")
    connector = MetaConnector(MetaCredentials(access_token=token, app_secret=SECRET), options, now)
    try:
        yield platform, connector
    finally:
        await connector.aclose()
        await platform.stop()


async def set_value(connector: MetaConnector, change: Change) -> Receipt:
    """Set a value by the state that is read of it."""
    state = await state_of(connector, change.ref)
    return await connector.apply(change, state)
