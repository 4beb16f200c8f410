"""Any receiver of signed requests: each change is one POST, signed by Standard Webhooks.

Source: the Standard Webhooks specification, https://www.standardwebhooks.com.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
from standardwebhooks.webhooks import Webhook

from workers.connectors import amounts, webhook_wire
from workers.connectors.errors import Ambiguous, AuthFailed, Rejected
from workers.connectors.last_check import ASKING
from workers.connectors.options import LOOPBACK, AccountOptions, WebhookOptions
from workers.connectors.protocol import (
    Account,
    Capabilities,
    Change,
    Edit,
    Lever,
    Performance,
    Receipt,
    Ref,
    State,
)
from workers.connectors.secrets import resolve
from workers.connectors.simulate import EVERYTHING

LARGEST_ANSWER: Final = 1 << 20
"""Bytes; what is longer is not read to its end."""


class WebhookConnector:
    """Sends changes to a receiver; what it cannot tell is what was applied last."""

    name = "webhook"
    version = "1"

    def __init__(self, options: WebhookOptions) -> None:
        told = bool(options.state_url)
        self.capabilities = Capabilities(levers=EVERYTHING, readable=told, learning=told)
        self._options = options
        self._accounts = {told.account_id: _account(told) for told in options.accounts}
        self._applied: dict[Ref, Decimal] = {}
        self._client: httpx.AsyncClient | None = None
        self._closed = False

    async def describe_account(self, account_id: str) -> Account:
        """Return what the settings say of the account."""
        self._must_be_open()
        if account_id not in self._accounts:
            raise Rejected(f"the settings have no account {account_id}", field="account_id")
        return self._accounts[account_id]

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what the receiver says; of one that cannot, what was applied last."""
        self._must_be_open()
        if not refs:
            return {}
        if self._options.state_url:
            body = webhook_wire.state_body(refs, datetime.now(UTC))
            content = await self._post(self._options.state_url, f"read_{uuid4().hex}", body)
            return webhook_wire.states(content, refs)
        return {
            ref: State(
                value=self._applied.get(ref), currency=self._accounts[ref.account_id].currency
            )
            for ref in refs
            if ref.account_id in self._accounts
        }

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set."""
        return amounts.quantize(amount, account, lever)

    async def validate(self, change: Change, state: State) -> None:  # noqa: ARG002 -- no dry run
        """Raise `Rejected` if the account's rules forbid the change."""
        account = await self.describe_account(change.ref.account_id)
        amounts.check(change, account, self.capabilities)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Send the change once."""
        await self.validate(change, state)
        body = webhook_wire.change_body(change, state, datetime.now(UTC))
        content = await self._post(self._options.url, change.key, body)
        told = webhook_wire.answer(content)
        self._applied[change.ref] = change.target
        return Receipt(sent=str(change.target), request_id=told.request_id, after=told.after)

    async def read_performance(
        self,
        account_id: str,  # noqa: ARG002 -- receivers report nothing
        since: date,  # noqa: ARG002
        until: date,  # noqa: ARG002
    ) -> Sequence[Performance]:
        """Return nothing: a receiver reports nothing."""
        self._must_be_open()
        return []

    async def read_history(
        self,
        account_id: str,  # noqa: ARG002 -- receivers tell none
        since: datetime,  # noqa: ARG002
    ) -> Sequence[Edit]:
        """Return nothing: a receiver tells no history."""
        self._must_be_open()
        return []

    async def aclose(self) -> None:
        """Let go of connections."""
        self._closed = True
        if self._client is not None:
            await self._client.aclose()

    def _must_be_open(self) -> None:
        if self._closed:
            raise Rejected("the connector is closed; make a new one")

    async def _post(self, url: str, key: str, body: str) -> bytes:
        """Return the content of a 2xx answer to one signed request."""
        headers, client = self._signed(key, body), self._connected(url)
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                status, wait, content = await self._exchange(client, url, headers, body)
        except (httpx.HTTPError, TimeoutError) as error:
            kind = type(error).__name__
            raise Ambiguous(f"the receiver did not answer: {kind}; read what is in force") from None
        if not httpx.codes.is_success(status):
            raise webhook_wire.refusal(status, wait, content)
        return content

    def _connected(self, url: str) -> httpx.AsyncClient:
        """Return the client; to make one takes a while, which is not the receiver's."""
        if self._client is None:
            proxied = urlsplit(url).hostname not in LOOPBACK
            wait = self._options.timeout_seconds
            self._client = httpx.AsyncClient(
                trust_env=proxied, follow_redirects=False, timeout=wait
            )
        return self._client

    async def _exchange(
        self, client: httpx.AsyncClient, url: str, headers: Mapping[str, str], body: str
    ) -> tuple[int, str, bytes]:
        asking = dict(ASKING)
        async with client.stream(
            "POST", url, headers=headers, content=body, extensions=asking
        ) as response:
            content = bytearray()
            async for chunk in response.aiter_bytes():
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise Ambiguous(f"the answer is longer than {LARGEST_ANSWER} bytes")
            return response.status_code, response.headers.get("retry-after", ""), bytes(content)

    def _signed(self, key: str, body: str) -> dict[str, str]:
        now = datetime.now(UTC)
        secret = resolve(self._options.secret)
        try:
            signature = Webhook(secret.reveal()).sign(key, now, body)
        except (ValueError, RuntimeError):
            raise AuthFailed(f"secret {secret.reference} is no base64 as webhooks have") from None
        return {
            "content-type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }


def _account(told: AccountOptions) -> Account:
    return Account(
        account_id=told.account_id,
        name=told.name or told.account_id,
        currency=told.currency,
        timezone=told.timezone,
        step=told.step,
        minimums=told.minimums,
    )
