"""LinkedIn on loopback with one account, and a connector to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from schemas.fields import Entity
from workers.connectors.linkedin.connector import LinkedInConnector
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions
from workers.connectors.protocol import Change, Lever, Ref
from workers.sandbox.linkedin.server import LinkedInSandbox

SECRETS = ("sandbox-access-0", "sandbox-refresh", "canary-client-id", "canary-client-secret")


def reference(lever: Lever, campaign: str = "7") -> Ref:
    return Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id=campaign, lever=lever)


def change_of(ref: Ref, target: str, currency: str = "EUR") -> Change:
    return Change(ref=ref, target=Decimal(target), currency=currency, key="k")


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


@asynccontextmanager
async def linkedin(currency: str = "EUR", amount: str = "50") -> AsyncIterator[LinkedInSandbox]:
    platform = LinkedInSandbox()
    platform.store.add_account("1", currency)
    platform.store.add_campaign(
        "1", "7", dailyBudget=money(amount, currency), unitCost=money(amount, currency)
    )
    await platform.start()
    try:
        yield platform
    finally:
        await platform.stop()


@asynccontextmanager
async def connected(
    platform: LinkedInSandbox, version: str = "202610", seconds: float = 2.5
) -> AsyncIterator[LinkedInConnector]:
    connector = LinkedInConnector(
        LinkedInCredentials(
            client_id=SECRETS[2],
            client_secret=SECRETS[3],
            access_token=SECRETS[0],
            refresh_token=SECRETS[1],
        ),
        LinkedInOptions(
            address=f"{platform.address}/rest",
            token_address=f"{platform.address}/token",
            version=version,
            timeout=seconds,
            trust_env=False,
            daily_requests=1000,
        ),
    )
    try:
        yield connector
    finally:
        await connector.aclose()
