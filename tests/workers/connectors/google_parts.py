"""A connector on the official client, and Google Ads on loopback for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from schemas.fields import Entity
from workers.connectors.google.connector import GoogleConnector
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.protocol import Change, Connector, Lever, Ref
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.google.tokens import REFRESH_TOKEN
from workers.sandbox.google.world import OPERATOR, SandboxAccount

ACCOUNT = "1234567890"
SECRETS = ("canary-developer", "canary-client-secret", REFRESH_TOKEN, "loopback-access-token")
BUDGET = Ref(account_id=ACCOUNT, entity=Entity.CAMPAIGN, entity_id="11", lever=Lever.DAILY_BUDGET)
BID = Ref(account_id=ACCOUNT, entity=Entity.AD_SET, entity_id="21", lever=Lever.BID)


def credentials() -> GoogleCredentials:
    return GoogleCredentials(
        developer_token=SECRETS[0],
        client_id="client",
        client_secret=SECRETS[1],
        refresh_token=REFRESH_TOKEN,
    )


@asynccontextmanager
async def speaking(
    account: SandboxAccount | None = None, *, seconds: float = 2.5, shared_budgets: bool = False
) -> AsyncIterator[tuple[Connector, GoogleSandbox]]:
    sandbox = GoogleSandbox(account or SandboxAccount(account_id=ACCOUNT))
    sandbox.world.add_campaign(ACCOUNT, "11")
    sandbox.world.add_ad_group(ACCOUNT, "11", "21")
    await sandbox.start()
    options = GoogleOptions(
        endpoint=sandbox.address,
        token_address=sandbox.tokens.address,
        roots=sandbox.roots,
        timeout=seconds,
        proxies=False,
        shared_budgets=shared_budgets,
        own_email=OPERATOR,
    )
    connector = GoogleConnector(credentials(), options)
    try:
        yield connector, sandbox
    finally:
        await connector.aclose()
        await sandbox.stop()


def change(ref: Ref, target: str, currency: str = "EUR") -> Change:
    return Change(ref=ref, target=Decimal(target), currency=currency, key="key")
