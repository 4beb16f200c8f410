"""Meta's own client against Meta on loopback: units, faults, effects, and no secret anywhere."""

from __future__ import annotations

import socket
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.fields import Entity
from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Rejected, Throttled
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.protocol import Change, Editor, Lever, Ref, State
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.meta.server import MetaSandbox
from workers.sandbox.meta.store import Reported

CANARY = "canary-token-7f3a"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def reference(lever: Lever, entity: Entity = Entity.AD_SET, entity_id: str = "7") -> Ref:
    return Ref(account_id="1", entity=entity, entity_id=entity_id, lever=lever)


def change_of(ref: Ref, target: str, currency: str = "EUR") -> Change:
    return Change(ref=ref, target=Decimal(target), currency=currency, key="k")


@asynccontextmanager
async def meta(
    currency: str = "EUR", token: str = CANARY, address: str = ""
) -> AsyncIterator[tuple[MetaSandbox, MetaConnector]]:
    platform = MetaSandbox(lambda: NOON)
    platform.access_token = CANARY
    platform.store.add_account("1", currency)
    platform.store.add_campaign("1", "5")
    platform.store.add_campaign("1", "6", daily_budget="9000")
    capped = {"bid_amount": 150, "bid_strategy": "LOWEST_COST_WITH_BID_CAP"}
    platform.store.add_ad_set("1", "7", "5", daily_budget="5000", **capped)
    platform.store.add_ad_set("1", "8", "6")
    await platform.start()
    options = MetaOptions(address=address or platform.address, timeout=1.5, app_id="app")
    connector = MetaConnector(
        MetaCredentials(access_token=token, app_secret="canary-secret"), options, lambda: NOON
    )
    try:
        yield platform, connector
    finally:
        await connector.aclose()
        await platform.stop()


async def set_value(connector: MetaConnector, change: Change) -> str:
    state = (await connector.read_state([change.ref]))[change.ref]
    return (await connector.apply(change, state)).sent


OUTCOMES: dict[Fault, tuple[type[ConnectorError] | None, int]] = {
    Fault.THROTTLED: (Throttled, 0),
    Fault.THROTTLED_WITHOUT_HINT: (Throttled, 0),
    Fault.BUDGET_CHANGES: (Throttled, 0),
    Fault.HTML_502: (Ambiguous, 0),
    Fault.JSON_500: (Ambiguous, 0),
    Fault.EMPTY_SUCCESS: (Ambiguous, 0),
    Fault.EMPTY_504: (Ambiguous, 0),
    Fault.RESET: (Ambiguous, 0),
    Fault.HANG: (Ambiguous, 0),
    Fault.APPLIED_THEN_HANG: (Ambiguous, 1),
    Fault.APPLIED_THEN_RESET: (Ambiguous, 1),
    Fault.EDITED_MEANWHILE: (Ambiguous, 0),
    Fault.TOKEN_EXPIRED: (AuthFailed, 0),
    Fault.TOKEN_REVOKED: (AuthFailed, 0),
    Fault.NO_PERMISSION: (Rejected, 0),
    Fault.VERSION_SUNSET: (Rejected, 0),
    Fault.TRUNCATED: (Ambiguous, 1),
    Fault.SLOW: (None, 1),
}


@pytest.mark.parametrize("lever", [Lever.DAILY_BUDGET, Lever.BID])
@pytest.mark.parametrize("fault", OUTCOMES)
async def test_each_fault_has_its_class_its_effects_and_tells_no_secret(
    fault: Fault, lever: Lever
) -> None:
    expected, effects = OUTCOMES[fault]
    async with meta() as (platform, connector):
        ref = reference(lever)
        before = platform.value(ref)
        edited = Decimal(33) if fault is Fault.EDITED_MEANWHILE else None
        seconds = 120 if fault is Fault.THROTTLED else 0.2
        platform.faults.plan(Planned(fault=fault, seconds=seconds, ref=ref, value=edited))
        error: ConnectorError | None = None
        try:
            await set_value(connector, change_of(ref, "60"))
        except ConnectorError as raised:
            error = raised
            told = "".join(traceback.format_exception(raised)) + repr(vars(raised))
            assert "canary" not in told + repr(connector)
        assert type(error) is (expected or type(None))
        ours = [effect for effect in platform.effects if not effect.by_person]
        assert len(ours) == effects
        assert platform.value(ref) == (edited or (Decimal(60) if effects else before))
        assert sum(method == "POST" for method, _, _ in platform.requests) == 1
        if fault is Fault.THROTTLED:
            assert isinstance(error, Throttled)
            assert (error.retry_after, error.code) == (120, "80004/2446079")
            assert error.request_id == "Asandbox"
        if fault is Fault.BUDGET_CHANGES:
            assert isinstance(error, Throttled)
            assert error.retry_after == 3600


@pytest.mark.parametrize(
    ("currency", "target", "sent"),
    [
        ("EUR", "62.57", "6257"),
        ("JPY", "6257", "6257"),
        ("HUF", "6257", "6257"),
        ("KWD", "62.57", "6257"),
    ],
)
async def test_amounts_go_over_the_wire_in_metas_own_units(
    currency: str, target: str, sent: str
) -> None:
    async with meta(currency) as (platform, connector):
        ref = reference(Lever.DAILY_BUDGET)
        assert await set_value(connector, change_of(ref, target, currency)) == sent
        assert platform.store.entities["7"]["daily_budget"] == sent
        assert (await connector.read_state([ref]))[ref].value == Decimal(target)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (change_of(reference(Lever.DAILY_BUDGET), "60", "USD"), "account in EUR"),
        (change_of(reference(Lever.DAILY_BUDGET), "60.001"), "multiple of 0.01"),
        (change_of(reference(Lever.DAILY_BUDGET), "0.99"), "too low"),
        (change_of(reference(Lever.DAILY_BUDGET, entity_id="8"), "60"), "campaign 6"),
        (change_of(reference(Lever.LIFETIME_BUDGET), "60"), "daily_budget of the ad_set"),
        (change_of(reference(Lever.COST_CAP), "60"), "WITH_BID_CAP"),
        (change_of(reference(Lever.DAILY_BUDGET, entity_id="404"), "60"), "has no ad_set 404"),
        (change_of(reference(Lever.DAILY_BUDGET, entity_id="7/x"), "60"), "are digits"),
    ],
)
async def test_what_meta_would_not_do_is_rejected_and_nothing_is_set(
    change: Change, says: str
) -> None:
    async with meta() as (platform, connector):
        with pytest.raises(Rejected, match=says):
            await connector.validate(change, State(value=Decimal(50), currency="EUR"))
        assert not platform.effects


async def test_a_dry_run_sets_nothing() -> None:
    async with meta() as (platform, connector):
        change = change_of(reference(Lever.DAILY_BUDGET), "60")
        await connector.validate(change, State(value=Decimal(50), currency="EUR"))
        assert platform.requests[-1][2]["execution_options"] == '["validate_only"]'
        assert not platform.effects


async def test_an_archived_ad_set_is_rejected() -> None:
    async with meta() as (platform, connector):
        platform.store.entities["7"]["status"] = "ARCHIVED"
        with pytest.raises(Rejected, match="archived"):
            await connector.validate(
                change_of(reference(Lever.BID), "2"), State(value=Decimal(1), currency="EUR")
            )


async def test_unknown_entities_are_left_out_and_unknown_accounts_rejected() -> None:
    async with meta() as (_, connector):
        assert await connector.read_state([reference(Lever.BID, entity_id="404")]) == {}
        with pytest.raises(Rejected):
            await connector.describe_account("999")


async def test_a_wrong_token_is_refused() -> None:
    async with meta(token="canary-wrong") as (_, connector):
        with pytest.raises(AuthFailed) as raised:
            await connector.describe_account("1")
        assert raised.value.code == "190"


async def test_where_nothing_was_sent_nothing_is_ambiguous() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        async with meta(address=address) as (_, connector):
            with pytest.raises(Throttled, match="nothing was sent") as raised:
                await connector.apply(
                    change_of(reference(Lever.BID), "2"), State(value=Decimal(1), currency="EUR")
                )
            assert "canary" not in "".join(traceback.format_exception(raised.value))


async def test_a_restarted_server_is_asked_again_with_all_in_force() -> None:
    async with meta() as (platform, connector):
        ref = reference(Lever.DAILY_BUDGET)
        await set_value(connector, change_of(ref, "60"))
        await platform.restart()
        assert (await connector.read_state([ref]))[ref].value == 60


async def test_stale_reads_tell_what_was_before() -> None:
    async with meta() as (platform, connector):
        ref = reference(Lever.DAILY_BUDGET)
        await set_value(connector, change_of(ref, "60"))
        platform.faults.plan(Planned(fault=Fault.STALE_READS, call=Call.READ, times=2))
        assert (await connector.read_state([ref]))[ref].value == 50
        assert (await connector.read_state([ref]))[ref].value == 60


async def test_hours_come_page_by_page_as_they_are_told_by_now() -> None:
    async with meta() as (platform, connector):
        platform.page = 2
        for hour in range(5):
            for since, spend in ((NOON, "1.50"), (NOON + timedelta(hours=1), "9")):
                platform.store.reported.append(
                    Reported(
                        account_id="1",
                        ad_set_id="7",
                        day=date(2026, 3, 1),
                        hour=hour,
                        since=since,
                        metrics={"spend": spend, "clicks": "3"},
                    )
                )
        rows = await connector.read_performance("1", date(2026, 3, 1), date(2026, 3, 1))
        assert [row.hour for row in rows] == [0, 1, 2, 3, 4]
        assert {(row.spend, row.clicks, row.campaign_id) for row in rows} == {
            (Decimal("1.50"), 3, "5")
        }
        platform.store.now = lambda: NOON + timedelta(hours=2)
        later = await connector.read_performance("1", date(2026, 3, 1), date(2026, 3, 1))
        assert {row.spend for row in later} == {Decimal(9)}


async def test_history_tells_people_from_our_app() -> None:
    async with meta() as (platform, connector):
        ref = reference(Lever.DAILY_BUDGET)
        await set_value(connector, change_of(ref, "60"))
        platform.edit(ref, Decimal(70))
        edits = await connector.read_history("1", NOON)
        assert [(edit.by, edit.before, edit.after) for edit in edits] == [
            (Editor.US, Decimal(50), Decimal(60)),
            (Editor.PERSON, Decimal(60), Decimal(70)),
        ]


def test_faults_that_meta_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="conflicts"):
        MetaSandbox().faults.plan(Planned(fault=Fault.CONFLICT))
