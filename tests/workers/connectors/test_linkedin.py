"""The connector to LinkedIn says and does what LinkedIn does."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial

import pytest

from tests.workers.connectors.linkedin_parts import (
    change_of,
    connected,
    linkedin,
    money,
    reference,
)
from workers.connectors.errors import AuthFailed, Rejected, Throttled
from workers.connectors.linkedin.options import LinkedInCredentials
from workers.connectors.protocol import Connector, Lever
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.linkedin.store import Reported
from workers.sandbox.platform import SandboxPlatform


@pytest.mark.parametrize(
    ("currency", "asked", "sent"),
    [
        ("EUR", "62.509", "62.50"),
        ("JPY", "6250.9", "6250"),
        ("KWD", "6.2509", "6.250"),
        ("USD", "0.019", "0.01"),
    ],
)
async def test_amounts_go_out_in_exact_units_and_never_above_what_was_asked(
    currency: str, asked: str, sent: str
) -> None:
    ref = reference(Lever.DAILY_BUDGET)
    async with linkedin(currency) as platform, connected(platform) as connector:
        account = await connector.describe_account("1")
        target = connector.quantize(Decimal(asked), account, Lever.DAILY_BUDGET)
        state = (await connector.read_state([ref]))[ref]
        change = change_of(ref, str(target), currency)
        await connector.validate(change, state)
        receipt = await connector.apply(change, state)
        assert receipt.sent == sent
        assert platform.store.campaigns["1", "7"]["dailyBudget"] == money(sent, currency)
        assert receipt.usage == connector.requests_today / 1000


async def test_a_campaign_is_paused_and_resumed() -> None:
    ref = reference(Lever.STATUS)
    async with linkedin() as platform, connected(platform) as connector:
        for target, delivering in (("0", False), ("1", True)):
            state = (await connector.read_state([ref]))[ref]
            await connector.apply(change_of(ref, target), state)
            assert (await connector.read_state([ref]))[ref].delivering is delivering
        assert len(platform.effects) == 2


async def test_many_calls_that_meet_an_expiry_ask_for_one_token() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        for expiries in (1, 2):
            platform.expire()
            await asyncio.gather(*(connector.read_state([ref]) for _ in range(8)))
            assert platform.tokens_given == expiries


async def test_a_refused_refresh_token_stops_the_account() -> None:
    async with linkedin() as platform, connected(platform) as connector:
        platform.refresh_token = "another"
        platform.expire()
        with pytest.raises(AuthFailed, match="authorize the app anew"):
            await connector.describe_account("1")


async def test_an_ended_version_names_the_setting() -> None:
    async with linkedin() as platform, connected(platform, version="202401") as connector:
        with pytest.raises(AuthFailed, match="option `version`"):
            await connector.describe_account("1")


@pytest.mark.parametrize("target", ["9.99", "100.01", "60.001", "-1", "0", "NaN", "1e40"])
async def test_amounts_beyond_limits_or_units_are_refused_before_the_wire(target: str) -> None:
    ref = reference(Lever.DAILY_BUDGET)
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.limits["1"] = {
            "dailyBudgetLimits": {"min": money("10"), "max": money("100")}
        }
        state = (await connector.read_state([ref]))[ref]
        with pytest.raises(Rejected) as caught:
            await connector.validate(change_of(ref, target), state)
        assert caught.value.field == "dailyBudget"


async def test_linkedins_own_refusal_tells_code_field_and_request() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.limits["1"] = {"bidLimits": {"min": money("10")}}
        state = (await connector.read_state([ref]))[ref]
        with pytest.raises(Rejected) as caught:
            await connector.apply(change_of(ref, "9"), state)
        told = caught.value
        assert (told.code, told.field) == ("422/AMOUNT_TOO_LOW", "unitCost")
        assert told.request_id


async def test_another_currency_is_refused() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        state = (await connector.read_state([ref]))[ref]
        with pytest.raises(Rejected, match="account in EUR"):
            await connector.apply(change_of(ref, "60", "USD"), state)


async def test_unknown_campaigns_are_left_out_and_unknown_accounts_refused() -> None:
    known, unknown = reference(Lever.BID), reference(Lever.BID, "999")
    async with linkedin() as platform, connected(platform) as connector:
        states = await connector.read_state([known, unknown])
        assert set(states) == {known}
        with pytest.raises(Rejected, match="no such account or campaign"):
            await connector.apply(change_of(unknown, "60"), states[known])
        with pytest.raises(Rejected, match="no such account"):
            await connector.describe_account("2")
        with pytest.raises(Rejected, match="numbers"):
            await connector.describe_account("1/../2")


async def test_an_address_that_nobody_listens_at_is_certain_to_have_done_nothing() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        state = (await connector.read_state([ref]))[ref]
        await platform.stop()
        with pytest.raises(Throttled, match="nothing was sent"):
            await connector.apply(change_of(ref, "60"), state)
        await platform.start()
        await connector.apply(change_of(ref, "60"), state)
        assert platform.value(ref) == 60


async def test_what_is_in_force_survives_a_restart() -> None:
    ref = reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        state = (await connector.read_state([ref]))[ref]
        await connector.apply(change_of(ref, "60"), state)
        await platform.restart()
        assert (await connector.read_state([ref]))[ref].value == 60


async def test_waits_double_and_end_at_utc_midnight() -> None:
    async with linkedin() as platform, connected(platform) as connector:
        connector._wire._now = lambda: datetime(2026, 3, 1, 23, 57, tzinfo=UTC)
        platform.faults.plan(Planned(fault=Fault.THROTTLED_WITHOUT_HINT, call=Call.READ, times=3))
        waits = []
        for _ in range(3):
            with pytest.raises(Throttled) as caught:
                await connector.describe_account("1")
            waits.append(caught.value.retry_after)
        assert waits == [60, 120, 180]


def replaced(moment: datetime) -> datetime:
    return moment


async def test_a_reports_restatement_is_told_from_its_moment_on() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=UTC)
    async with linkedin() as platform, connected(platform) as connector:
        for hour, spend in ((10, "5.25"), (14, "7.50")):
            platform.store.reported.append(
                Reported(
                    account_id="1",
                    campaign_id="7",
                    day=date(2026, 3, 1),
                    since=moment.replace(hour=hour),
                    metrics={"impressions": 9, "clicks": 1, "costInLocalCurrency": spend},
                )
            )
        for now, spend in ((moment, "5.25"), (moment.replace(hour=15), "7.50")):
            platform.store.now = partial(replaced, now)
            [row] = await connector.read_performance("1", date(2026, 2, 28), date(2026, 3, 1))
            assert (row.spend, row.hour, row.campaign_id) == (Decimal(spend), None, "7")


async def test_a_report_that_linkedin_cuts_is_asked_for_in_halves_or_refused() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    async with linkedin() as platform, connected(platform, seconds=5) as connector:
        for day, campaigns in ((1, 8_000), (2, 8_000), (3, 15_000)):
            platform.store.reported += [
                Reported(
                    account_id="1",
                    campaign_id=str(campaign),
                    day=date(2026, 1, day),
                    since=start,
                    metrics={"impressions": 1},
                )
                for campaign in range(campaigns)
            ]
        rows = await connector.read_performance("1", date(2026, 1, 1), date(2026, 1, 2))
        assert len({(row.day, row.campaign_id) for row in rows}) == len(rows) == 16_000
        with pytest.raises(Rejected, match="is cut"):
            await connector.read_performance("1", date(2026, 1, 3), date(2026, 1, 3))


def test_a_secret_that_cannot_stand_in_a_header_is_refused_without_being_told() -> None:
    with pytest.raises(ValueError, match="access_token") as caught:
        LinkedInCredentials(
            client_id="a", client_secret="b", access_token="canary\n", refresh_token="c"
        )
    assert "canary" not in str(caught.value)


async def test_both_sides_keep_to_their_protocols() -> None:
    async with linkedin() as platform, connected(platform) as connector:
        server: SandboxPlatform = platform
        client: Connector = connector
        assert server.address.startswith("http://127.0.0.1:")
        assert client.version == "202610"
        assert not client.capabilities.hourly
        assert await client.read_history("1", datetime(2026, 1, 1, tzinfo=UTC)) == ()
