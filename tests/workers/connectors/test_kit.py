"""The kit's laws, of the connectors that need no account anywhere."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.workers.connectors.benches import SECRET, options, received, simulated, unreadable
from workers.connectors.errors import ConnectorError
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import Account, Change, Lever, Receipt, State
from workers.connectors.webhook import WebhookConnector
from workers.sandbox.webhook import FITTING


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


@pytest.mark.parametrize("law", laws(), ids=str)
def test_simulate_keeps(law: Law) -> None:
    asyncio.run(law(simulated))


@pytest.mark.parametrize("law", laws(FITTING), ids=str)
def test_a_webhook_keeps(law: Law) -> None:
    asyncio.run(law(received))


@pytest.mark.parametrize("law", laws(FITTING), ids=str)
def test_a_webhook_that_cannot_be_read_keeps(law: Law) -> None:
    asyncio.run(law(unreadable))


class Hasty(WebhookConnector):
    """Sends everything twice, as careless clients do."""

    async def apply(self, change: Change, state: State) -> Receipt:
        await super().apply(change, state)
        return await super().apply(replace(change, key=change.key + "-again"), state)


class Careless(WebhookConnector):
    """Takes amounts in any currency, and rounds them up."""

    async def validate(self, change: Change, state: State) -> None: ...

    async def apply(self, change: Change, state: State) -> Receipt:
        return await super().apply(replace(change, currency="EUR"), state)

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        return super().quantize(amount, account, lever) + account.step


class Talkative(WebhookConnector):
    """Tells the secret in its errors."""

    async def apply(self, change: Change, state: State) -> Receipt:
        try:
            return await super().apply(change, state)
        except ConnectorError as error:
            raise type(error)(f"{error.detail} {SECRET}") from error


@pytest.mark.parametrize(
    ("connector", "name"),
    [
        (Hasty, "apply_is_one_effect"),
        (Careless, "a_change_in_another_currency_is_rejected"),
        (Careless, "quantize_never_raises_money_and_is_idempotent"),
        (Talkative, "html_502-budget"),
    ],
)
def test_a_connector_that_breaks_a_law_is_found_out(
    connector: type[WebhookConnector], name: str
) -> None:
    (law,) = (one for one in laws(FITTING) if one.name == name)

    @asynccontextmanager
    async def broken() -> AsyncIterator[Bench]:
        async with received() as bench:
            worse = connector(options(bench.platform.address))
            yield replace(bench, connector=worse)
            await worse.aclose()

    with pytest.raises(AssertionError):
        asyncio.run(law(broken))
