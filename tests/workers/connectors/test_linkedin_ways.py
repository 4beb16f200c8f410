"""What stands between us and LinkedIn: certificates that nobody vouches for, and proxies."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trustme

from tests.workers.connectors.linkedin_parts import (
    SECRETS,
    change_of,
    connected,
    linkedin,
    reference,
)
from workers.connectors.errors import AuthFailed, ConnectorError, Throttled
from workers.connectors.linkedin.connector import LinkedInConnector
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions
from workers.connectors.protocol import Lever, State
from workers.sandbox.linkedin.server import LinkedInSandbox

BID = reference(Lever.BID)


@asynccontextmanager
async def listening(
    answer: bytes, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answer every request alike; yield the port, and what came in, without its encryption."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.read(1 << 16))
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], came


@asynccontextmanager
async def connector_to(address: str, *, trust_env: bool) -> AsyncIterator[LinkedInConnector]:
    connector = LinkedInConnector(
        LinkedInCredentials(
            client_id=SECRETS[2],
            client_secret=SECRETS[3],
            access_token=SECRETS[0],
            refresh_token=SECRETS[1],
        ),
        LinkedInOptions(
            address=f"{address}/rest",
            token_address=f"{address}/token",
            timeout=2.5,
            trust_env=trust_env,
        ),
    )
    try:
        yield connector
    finally:
        await connector.aclose()


async def refusal(connector: LinkedInConnector) -> ConnectorError:
    """Return how a change ends, at the look before it and on the wire itself."""
    with pytest.raises(ConnectorError) as read:
        await connector.apply(change_of(BID, "60"), State(value=None, currency="EUR"))
    with pytest.raises(ConnectorError) as written:
        await connector._wire.send("POST", "/adAccounts/1/adCampaigns/7", "PARTIAL_UPDATE", {})
    assert type(read.value) is type(written.value)
    return written.value


async def test_to_a_certificate_of_an_unknown_authority_nothing_is_sent() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n", context) as (port, came):
        async with connector_to(f"https://127.0.0.1:{port}", trust_env=False) as connector:
            error = await refusal(connector)
        assert isinstance(error, AuthFailed)
        assert "nothing was sent" in error.detail
        assert not any(came)


async def test_where_no_tls_is_spoken_nothing_is_sent() -> None:
    async with listening(b"HTTP/1.1 204 No Content\r\n\r\n") as (port, came):
        async with connector_to(f"https://127.0.0.1:{port}", trust_env=False) as connector:
            error = await refusal(connector)
        assert isinstance(error, Throttled)
        assert "nothing was sent" in error.detail
        assert not any(secret.encode() in b"".join(came) for secret in SECRETS)


async def test_a_proxy_of_the_environment_that_refuses_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening(b"HTTP/1.1 403 Forbidden\r\n\r\n") as (port, came):
        _set(monkeypatch, f"http://127.0.0.1:{port}")
        async with connector_to("https://platform.invalid", trust_env=True) as connector:
            error = await refusal(connector)
        assert isinstance(error, Throttled)
        assert "proxies in the environment" in error.detail
        assert all(sent.startswith(b"CONNECT platform.invalid:443 ") for sent in came)
        assert not any(secret.encode() in b"".join(came) for secret in SECRETS)


async def test_a_proxy_of_the_environment_is_used_where_it_is_trusted_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with linkedin() as platform:
        _set(monkeypatch, platform.address)
        async with connector_to("http://platform.invalid", trust_env=True) as through:
            assert (await through.read_state([BID]))[BID].value == 50
        _set(monkeypatch, "http://127.0.0.1:9")
        async with connected(platform) as past:
            assert (await past.read_state([BID]))[BID].value == 50


async def test_a_proxy_that_is_not_there_has_sent_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = LinkedInSandbox()
    await gone.start()
    await gone.stop()
    _set(monkeypatch, gone.address)
    async with connector_to("https://platform.invalid", trust_env=True) as connector:
        assert isinstance(await refusal(connector), Throttled)


def _set(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, address)
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
