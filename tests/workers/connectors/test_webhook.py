"""Laws of the webhook beyond the kit's: signatures, answers, addresses."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.workers.connectors.benches import ACCOUNT, BUDGET, SECRET, options, received
from workers.connectors import webhook_wire
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.options import WebhookOptions
from workers.connectors.protocol import Change, State
from workers.connectors.webhook import WebhookConnector

STATE = State(value=Decimal(20), currency="EUR", version="v3")
CHANGE = Change(ref=BUDGET, target=Decimal("12.50"), currency="EUR", key="change-1")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


async def answered(answer: Callable[[], web.Response]) -> tuple[int, object]:
    """Return how often a receiver was asked, and what a change to it came to."""
    asked = []

    async def take(request: web.Request) -> web.Response:
        asked.append(await request.read())
        return answer()

    application = web.Application()
    application.router.add_post("/{any}", take)
    async with TestServer(application) as server:
        connector = WebhookConnector(options(str(server.make_url("/")).rstrip("/"), reads=False))
        try:
            result: object = await connector.apply(CHANGE, STATE)
        except ConnectorError as error:
            result = error
        await connector.aclose()
    return len(asked), result


async def test_the_same_change_sent_twice_is_one_effect_of_the_receiver() -> None:
    async with received() as bench:
        first = await bench.connector.apply(CHANGE, STATE)
        assert await bench.connector.apply(CHANGE, STATE) == first
        assert [effect.after for effect in bench.platform.effects] == [Decimal("12.50")]


async def test_what_was_not_signed_or_was_tampered_with_changes_nothing() -> None:
    async with received() as bench:
        body = webhook_wire.change_body(CHANGE, STATE, datetime.now(UTC))
        assert isinstance(bench.connector, WebhookConnector)
        signed = bench.connector._signed("change-1", body)
        async with httpx.AsyncClient(trust_env=False) as client:
            for headers, sent in (({}, body), (signed, body.replace("12.50", "99.50"))):
                url = f"{bench.platform.address}/changes"
                assert (await client.post(url, headers=headers, content=sent)).status_code == 401
        assert not bench.platform.effects


def test_the_body_of_a_change_is_as_documented() -> None:
    at = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert msgspec.json.decode(webhook_wire.change_body(CHANGE, STATE, at)) == {
        "type": "change.requested",
        "timestamp": "2026-03-01T12:00:00Z",
        "data": {
            "account_id": "1",
            "entity": "campaign",
            "entity_id": "7",
            "lever": "daily_budget",
            "part": "",
            "key": "change-1",
            "target": "12.50",
            "currency": "EUR",
            "expected": "20",
            "version": "v3",
        },
    }


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (302, Rejected),
        (307, Rejected),
        (400, Rejected),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, Rejected),
        (409, Conflict),
        (422, Rejected),
        (429, Throttled),
        (500, Ambiguous),
        (503, Ambiguous),
    ],
)
async def test_each_status_is_its_class_of_error_after_one_request(
    status: int, wanted: type[ConnectorError]
) -> None:
    text = f'{{"detail":"no: {SECRET}","field":"target","request_id":"r-1"}}'
    headers = {"Location": "/elsewhere"}
    asked, error = await answered(lambda: web.Response(status=status, text=text, headers=headers))

    assert asked == 1
    assert type(error) is wanted
    assert error.code == str(status)
    assert SECRET not in str(error)
    if isinstance(error, Rejected) and status >= 400:
        assert (error.detail, error.field, error.request_id) == ("no: ***", "target", "r-1")


@pytest.mark.parametrize("text", ["", "{}", "ok", "[1]"])
async def test_any_answer_of_success_is_taken_and_says_no_more_than_it_does(text: str) -> None:
    _, receipt = await answered(lambda: web.Response(text=text))
    assert (receipt.sent, receipt.after) == ("12.50", None)  # type: ignore[attr-defined]


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    _, error = await answered(lambda: web.Response(body=bytes(3 << 20)))
    assert isinstance(error, Ambiguous)
    assert "longer" in error.detail


async def test_nobody_listening_is_ambiguous_and_names_no_address() -> None:
    connector = WebhookConnector(options("http://127.0.0.1:9"))
    with pytest.raises(Ambiguous) as failed:
        await connector.apply(CHANGE, STATE)
    assert "127.0.0.1" not in str(failed.value)
    await connector.aclose()


async def test_a_secret_that_cannot_sign_is_told_without_showing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "whsec_abcdefghi")
    connector = WebhookConnector(options("http://127.0.0.1:9"))
    with pytest.raises(AuthFailed, match="env:WEBHOOK_SECRET is no base64") as failed:
        await connector.apply(CHANGE, STATE)
    assert "abc" not in str(failed.value)


async def test_of_a_receiver_that_cannot_be_read_states_are_what_was_applied_last() -> None:
    async with received(reads=False) as bench:
        assert not bench.connector.capabilities.readable
        assert (await bench.state(BUDGET)).value is None
        await bench.connector.apply(CHANGE, STATE)
        bench.platform.edit(BUDGET, Decimal(99))
        assert (await bench.state(BUDGET)).value == Decimal("12.50")


@pytest.mark.parametrize(
    "url", ["http://example.com/x", "ftp://127.0.0.1/", "example.com", "https://u:p@example.com/"]
)
def test_addresses_at_which_others_could_listen_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="webhook"):
        options("", url=url)


@pytest.mark.parametrize("secret", ["whsec_abcdef", "file:relative"])
def test_a_literal_secret_in_place_of_a_reference_is_refused(secret: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(
            {"url": "https://example.com", "secret": secret, "accounts": []}, WebhookOptions
        )
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("7", 7.0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
    ],
)
def test_a_wait_is_read_from_seconds_and_from_dates(said: str, wanted: float | None) -> None:
    assert webhook_wire.seconds(said, datetime(2026, 3, 1, 12, tzinfo=UTC)) == wanted


@pytest.mark.parametrize("amount", ["0.009", "12.349999999999999999999999999999", "-0.001"])
def test_amounts_are_rounded_down_exactly(amount: str) -> None:
    wanted = {"0.009": "0.00", "-0.001": "-0.01"}.get(amount, "12.34")
    connector = WebhookConnector(options("http://127.0.0.1:9"))
    assert connector.quantize(Decimal(amount), ACCOUNT, BUDGET.lever) == Decimal(wanted)
