"""Laws of the last moment: who may ask no more is kept from writing when all lies ready."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from socket import create_server, socket

import pytest

from tests.workers.connectors import meta_parts
from tests.workers.connectors.benches import BUDGET, SECRET, options
from tests.workers.connectors.official_benches import BENCHES
from workers.connectors.errors import Ambiguous
from workers.connectors.last_check import Withdrawn, only_while
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions
from workers.connectors.linkedin.wire import Wire
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.meta.values import whose
from workers.connectors.protocol import Change, Lever, State
from workers.connectors.webhook import WebhookConnector

Asking = Callable[[str], Awaitable[object]]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


@pytest.mark.parametrize("name", BENCHES)
async def test_a_change_of_who_may_ask_no_more_is_not_made_and_the_connector_goes_on(
    name: str,
) -> None:
    async with BENCHES[name][0]() as bench:
        state = await bench.state(bench.budget)
        change = bench.change(bench.budget, bench.values[0], state.currency)
        with only_while(lambda: False), pytest.raises(Withdrawn):
            await bench.connector.apply(change, state)
        assert bench.platform.value(bench.budget) == state.value
        assert not bench.platform.effects
        with only_while(lambda: True):
            await bench.connector.apply(change, await bench.state(bench.budget))

        assert bench.platform.value(bench.budget) == bench.values[0]


@dataclass
class Listener:
    """Takes connections and never answers; what was written to it is kept."""

    address: str
    connected: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    written: bytes = b""

    def serve(self, door: socket) -> None:
        connection, _ = door.accept()
        self.connected.set()
        with connection:
            while chunk := connection.recv(65_536):
                self.written += chunk
        self.ended.set()


@contextmanager
def listening() -> Iterator[Listener]:
    with create_server(("127.0.0.1", 0)) as door:
        listener = Listener(f"http://127.0.0.1:{door.getsockname()[1]}")
        thread = threading.Thread(target=listener.serve, args=(door,), daemon=True)
        thread.start()
        yield listener
        thread.join(10)


def meta_connector(address: str, timeout: float) -> tuple[MetaConnector, Change, State]:
    ref = meta_parts.reference(Lever.DAILY_BUDGET)
    connector = MetaConnector(
        MetaCredentials(access_token="canary-of-the-last-moment"),
        MetaOptions(address=address, timeout=timeout),
    )
    state = State(value=Decimal(50), currency="EUR", version=whose(ref))
    return connector, meta_parts.change_of(ref, "60"), state


async def ask_meta(address: str) -> None:
    connector, change, state = meta_connector(address, 20.0)
    try:
        await connector.apply(change, state)
    finally:
        await connector.aclose()


async def ask_receiver(address: str) -> None:
    connector = WebhookConnector(options(address))
    state = State(value=Decimal(20), currency="EUR")
    change = Change(ref=BUDGET, target=Decimal("12.34"), currency="EUR", key="change-1")
    try:
        await connector.apply(change, state)
    finally:
        await connector.aclose()


async def ask_linkedin(address: str) -> None:
    credentials = LinkedInCredentials(
        client_id="client",
        client_secret="canary-of-linkedin",
        access_token="canary-of-access",
        refresh_token="canary-of-refresh",
    )
    wire = Wire(credentials, LinkedInOptions(address=address), lambda: datetime.now(UTC))
    try:
        await wire.send("POST", "/adAccounts/1/adCampaigns/7", "PARTIAL_UPDATE", {"patch": {}})
    finally:
        await wire.aclose()


@pytest.mark.parametrize("ask", [ask_meta, ask_receiver, ask_linkedin])
async def test_the_question_comes_when_the_connection_is_made_and_nothing_is_written_after_a_no(
    ask: Asking,
) -> None:
    with listening() as listener:

        def holds() -> bool:
            # A process that stood still while it connected: the lease has ended meanwhile.
            assert listener.connected.wait(10), "it was asked before there was a connection"
            return False

        with only_while(holds), pytest.raises(Withdrawn):
            await ask(listener.address)
        assert await asyncio.to_thread(listener.ended.wait, 10)

    assert listener.written == b""


async def test_a_thread_that_stood_still_until_it_was_given_up_on_writes_nothing() -> None:
    goes_on = threading.Event()
    with listening() as listener:
        connector, change, state = meta_connector(listener.address, 0.1)

        def holds() -> bool:
            return goes_on.wait(10)

        with only_while(holds), pytest.raises(Ambiguous):
            await connector.apply(change, state)
        goes_on.set()
        assert await asyncio.to_thread(listener.ended.wait, 10)
        await connector.aclose()

    assert listener.written == b""


async def test_a_no_between_head_and_body_leaves_no_whole_request() -> None:
    answers = iter([True, False])
    with listening() as listener:
        with only_while(lambda: next(answers)), pytest.raises(Withdrawn):
            await ask_meta(listener.address)
        assert await asyncio.to_thread(listener.ended.wait, 10)

    head, _, body = listener.written.partition(b"\r\n\r\n")
    assert b"content-length" in head.lower()
    assert body == b""
