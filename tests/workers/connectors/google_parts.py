"""A connector on the official client, and Google Ads on loopback for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from schemas.fields import Entity
from workers.connectors.errors import Rejected
from workers.connectors.google.connector import GoogleConnector
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.protocol import Change, Connector, Lever, Ref, State
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.google.tokens import REFRESH_TOKEN
from workers.sandbox.google.world import OPERATOR, SandboxAccount

ACCOUNT = "1234567890"
SMART = ("TARGET_CPA", "TARGET_ROAS", "MAXIMIZE_CONVERSIONS", "MAXIMIZE_CONVERSION_VALUE")
SECRETS = ("canary-developer", "canary-client-secret", REFRESH_TOKEN, "loopback-access-token")


def credentials(developer_token: str = SECRETS[0]) -> GoogleCredentials:
    return GoogleCredentials(
        developer_token=developer_token,
        client_id="client",
        client_secret=SECRETS[1],
        refresh_token=REFRESH_TOKEN,
    )


@asynccontextmanager
async def speaking(
    account: SandboxAccount | None = None,
    *,
    seconds: float = 2.5,
    shared: bool = False,
    developer_token: str = SECRETS[0],
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
        shared_budgets=shared,
        shared_strategies=shared,
        own_email=OPERATOR,
    )
    connector = GoogleConnector(credentials(developer_token), options)
    try:
        yield connector, sandbox
    finally:
        await connector.aclose()
        await sandbox.stop()


def change(ref: Ref, target: str, currency: str = "EUR") -> Change:
    return Change(ref=ref, target=Decimal(target), currency=currency, key="key")


def campaign(lever: Lever, number: str = "11", part: str = "") -> Ref:
    return Ref(account_id=ACCOUNT, entity=Entity.CAMPAIGN, entity_id=number, lever=lever, part=part)


def ad_group(lever: Lever, part: str = "") -> Ref:
    return Ref(account_id=ACCOUNT, entity=Entity.AD_SET, entity_id="21", lever=lever, part=part)


def named(kind: str, number: str) -> str:
    return f"customers/{ACCOUNT}/{kind}/{number}"


async def read(connector: Connector, ref: Ref) -> State:
    return (await connector.read_state([ref]))[ref]


async def set_to(
    connector: Connector, sandbox: GoogleSandbox, ref: Ref, target: str, currency: str = "EUR"
) -> str:
    """Set a value, see that it is made once and read back, and return what was sent."""
    before = await read(connector, ref)
    await connector.validate(change(ref, target, currency), before)
    assert not sandbox.effects
    receipt = await connector.apply(change(ref, target, currency), before)
    assert receipt.after == sandbox.value(ref) == (await read(connector, ref)).value
    assert [(one.ref, one.before) for one in sandbox.effects] == [(ref, before.value)]
    assert sandbox.effects[0].after == Decimal(target)
    return receipt.sent


async def refused(connector: Connector, sandbox: GoogleSandbox, ref: Ref, target: str) -> Rejected:
    """See that a change is refused when it is tried and when it is made, in the same words."""
    state = await read(connector, ref)
    told: list[Rejected] = []
    for attempt in (connector.validate, connector.apply):
        with pytest.raises(Rejected) as caught:
            await attempt(change(ref, target), state)
        told.append(caught.value)
    assert not sandbox.effects
    assert (told[0].detail, told[0].code, told[0].field) == (
        told[1].detail,
        told[1].code,
        told[1].field,
    )
    return told[0]


def under(sandbox: GoogleSandbox, strategy: str) -> None:
    sandbox.world.resources[named("campaigns", "11")]["bidding_strategy_type"] = strategy


BUDGET = campaign(Lever.DAILY_BUDGET)
BID = ad_group(Lever.BID)
