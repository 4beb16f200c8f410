"""The official client against Google Ads on loopback: every fault, units, secrets, bad input."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from google.ads.googleads.v26.errors.types.errors import GoogleAdsFailure
from google.ads.googleads.v26.services.types.campaign_budget_service import (
    MutateCampaignBudgetsResponse,
)
from google.rpc.status_pb2 import Status

from schemas.fields import Entity
from tests.workers.connectors.google_parts import (
    ACCOUNT,
    BID,
    BUDGET,
    SECRETS,
    change,
    credentials,
    speaking,
)
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.google.connector import GoogleConnector
from workers.connectors.google.failures import from_answer, refusal
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.platform import SandboxPlatform

REFUSED: dict[Fault, tuple[type[ConnectorError], int]] = {
    Fault.THROTTLED: (Throttled, 0),
    Fault.THROTTLED_WITHOUT_HINT: (Throttled, 0),
    Fault.HTML_502: (Ambiguous, 0),
    Fault.JSON_500: (Ambiguous, 0),
    Fault.EMPTY_SUCCESS: (Ambiguous, 0),
    Fault.PARTIAL_FAILURE: (Rejected, 0),
    Fault.EMPTY_504: (Ambiguous, 0),
    Fault.RESET: (Ambiguous, 0),
    Fault.HANG: (Ambiguous, 0),
    Fault.APPLIED_THEN_HANG: (Ambiguous, 1),
    Fault.APPLIED_THEN_RESET: (Ambiguous, 1),
    Fault.CONFLICT: (Conflict, 0),
    Fault.TOKEN_EXPIRED: (Throttled, 0),
    Fault.TOKEN_REVOKED: (AuthFailed, 0),
    Fault.NO_PERMISSION: (AuthFailed, 0),
    Fault.VERSION_SUNSET: (AuthFailed, 0),
}
"""What an attempt is told, and how many effects it has."""

BOTH = pytest.mark.parametrize("ref", [BUDGET, BID], ids=["daily budget", "bid"])
TARGET = "2.50"


@BOTH
@pytest.mark.parametrize("fault", list(REFUSED))
async def test_a_fault_is_told_by_its_class_and_has_exactly_its_effects(
    fault: Fault, ref: Ref, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, effects = REFUSED[fault]
    async with speaking() as (connector, sandbox):
        before = sandbox.value(ref)
        state = (await connector.read_state([ref]))[ref]
        sandbox.faults.plan(Planned(fault=fault, seconds=7.0))
        with pytest.raises(ConnectorError) as caught:
            await connector.apply(change(ref, TARGET), state)
        assert type(caught.value) is kind
        assert len(sandbox.effects) == effects
        assert sandbox.value(ref) == (Decimal(TARGET) if effects else before)
        error = caught.value
        assert error.__context__ is None
        told = [*traceback.format_exception(error), str(error), repr(error), error.detail]
        text = " ".join([*told, error.code, caplog.text, repr(connector)])
        assert not [secret for secret in SECRETS if secret in text]


@BOTH
async def test_an_edit_while_a_request_fails_is_what_is_in_force(ref: Ref) -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([ref]))[ref]
        planned = Planned(fault=Fault.EDITED_MEANWHILE, ref=ref, value=Decimal(3))
        sandbox.faults.plan(planned)
        with pytest.raises(Ambiguous):
            await connector.apply(change(ref, TARGET), state)
        assert [(one.after, one.by_person) for one in sandbox.effects] == [(Decimal(3), True)]
        assert (await connector.read_state([ref]))[ref].value == Decimal(3)


@BOTH
async def test_a_slow_answer_in_time_is_an_answer_with_one_effect(ref: Ref) -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([ref]))[ref]
        sandbox.faults.plan(Planned(fault=Fault.SLOW, seconds=0.1))
        receipt = await connector.apply(change(ref, TARGET), state)
        assert receipt.usage is None
        assert (receipt.sent, receipt.after) == ("2500000", Decimal(TARGET))
        assert receipt.request_id.startswith("request-")
        assert len(sandbox.effects) == 1


@BOTH
async def test_stale_reads_tell_what_was_and_then_what_is(ref: Ref) -> None:
    async with speaking() as (connector, sandbox):
        old = (await connector.read_state([ref]))[ref]
        await connector.apply(change(ref, TARGET), old)
        sandbox.faults.plan(Planned(fault=Fault.STALE_READS, call=Call.READ, times=2))
        read = [(await connector.read_state([ref]))[ref].value for _ in range(3)]
        assert read == [old.value, old.value, Decimal(TARGET)]


async def test_a_failure_within_a_success_is_told_by_googles_code() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        sandbox.faults.plan(Planned(fault=Fault.PARTIAL_FAILURE))
        with pytest.raises(Rejected, match="cannot be changed") as caught:
            await connector.apply(change(BUDGET, TARGET), state)
        assert caught.value.code == "mutate_error/MUTATE_NOT_ALLOWED"
        assert caught.value.request_id.startswith("request-")


@pytest.mark.parametrize(
    ("status", "named", "kind"),
    [
        (0, ["customers/1/campaignBudgets/1"], None),
        (0, [""], None),
        (3, [""], Rejected),
        (3, [], Rejected),
        (3, ["customers/1/campaignBudgets/1"], Ambiguous),
        (8, [""], Throttled),
        (13, [""], Ambiguous),
        (2, [""], Ambiguous),
        (7, [""], AuthFailed),
    ],
)
def test_a_failure_within_an_answer_is_of_the_class_of_its_status(
    status: int, named: list[str], kind: type[ConnectorError] | None
) -> None:
    answer = MutateCampaignBudgetsResponse(
        partial_failure_error=Status(code=status, message="it is so"),
        results=[{"resource_name": name} for name in named],
    )
    failed = from_answer(answer, GoogleAdsFailure, "request-1")
    if kind is None:
        assert failed is None
        return
    assert failed is not None
    error = refusal(failed)
    assert type(error) is kind
    assert error.request_id == "request-1"


async def test_a_fault_that_google_cannot_have_is_refused_when_planned() -> None:
    with pytest.raises(ValueError, match="budget_changes"):
        GoogleSandbox().faults.plan(Planned(fault=Fault.BUDGET_CHANGES))


async def test_what_is_promised_is_what_google_has() -> None:
    async with speaking() as (connector, sandbox):
        platform: SandboxPlatform = sandbox
        assert platform.address.startswith("localhost:")
        promised = connector.capabilities
        assert promised.dry_run
        assert promised.changes_per_hour is None
        known = {(ref.entity, ref.lever) for ref in (BUDGET, BID)}
        assert known <= promised.levers


async def test_every_fault_is_looked_at() -> None:
    elsewhere = {
        Fault.BUDGET_CHANGES,
        Fault.EDITED_MEANWHILE,
        Fault.SLOW,
        Fault.STALE_READS,
        Fault.TRUNCATED,
    }
    assert set(Fault) == set(REFUSED) | elsewhere


async def test_the_platform_says_how_long_to_wait_and_who_it_was() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        sandbox.faults.plan(Planned(fault=Fault.THROTTLED, seconds=7.5))
        with pytest.raises(Throttled) as caught:
            await connector.apply(change(BUDGET, TARGET), state)
        assert caught.value.retry_after == 7.5
        assert caught.value.code == "quota_error/RESOURCE_TEMPORARILY_EXHAUSTED"
        assert caught.value.request_id.startswith("request-")


async def test_an_expired_token_is_renewed_for_the_next_attempt() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        sandbox.faults.plan(Planned(fault=Fault.TOKEN_EXPIRED))
        with pytest.raises(Throttled) as caught:
            await connector.apply(change(BUDGET, TARGET), state)
        assert caught.value.retry_after == 0.0
        await connector.apply(change(BUDGET, TARGET), state)
        assert len(sandbox.effects) == 1


async def test_no_new_token_just_now_is_a_reason_to_wait_and_none_to_stop_the_account() -> None:
    async with speaking() as (connector, platform):
        state = (await connector.read_state([BID]))[BID]
        platform.faults.plan(Planned(fault=Fault.TOKEN_EXPIRED))
        platform.faults.plan(Planned(fault=Fault.HTML_502, call=Call.TOKEN, times=20))
        with pytest.raises(Throttled, match="nothing was sent"):
            await connector.apply(change(BID, "1.20"), state)
        assert platform.effects == ()


async def test_a_refused_refresh_token_stops_before_the_platform_is_asked() -> None:
    async with speaking() as (connector, sandbox):
        sandbox.faults.plan(Planned(fault=Fault.TOKEN_REVOKED, call=Call.TOKEN))
        with pytest.raises(AuthFailed) as caught:
            await connector.read_state([BUDGET])
        text = "".join(traceback.format_exception(caught.value))
        assert not [secret for secret in SECRETS if secret in text]


async def test_a_report_that_ends_in_the_middle_is_no_report() -> None:
    async with speaking() as (connector, sandbox):
        sandbox.faults.plan(Planned(fault=Fault.TRUNCATED, call=Call.READ))
        with pytest.raises(Ambiguous):
            await connector.read_state([BUDGET])


async def test_a_restarted_server_is_found_again_with_all_as_it_was() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        await connector.apply(change(BUDGET, TARGET), state)
        await sandbox.restart()
        assert (await connector.read_state([BUDGET]))[BUDGET].value == Decimal(TARGET)


async def test_a_dry_run_changes_nothing_and_refuses_what_would_be_refused() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        await connector.validate(change(BUDGET, TARGET), state)
        with pytest.raises(Rejected, match="at least 1 EUR") as caught:
            await connector.validate(change(BUDGET, "0.50"), state)
        assert caught.value.code == "campaign_budget_error/BUDGET_BELOW_PER_DAY_MINIMUM"
        assert caught.value.field == "amount_micros"
        assert sandbox.effects == ()


async def test_bad_input_is_refused_with_what_to_do() -> None:
    async with speaking() as (connector, sandbox):
        state = (await connector.read_state([BUDGET]))[BUDGET]
        with pytest.raises(Rejected, match="USD"):
            await connector.apply(change(BUDGET, TARGET, "USD"), state)
        for amount in ("0", "-1", "NaN", "Infinity", "0.0000001"):
            with pytest.raises(Rejected):
                await connector.apply(change(BUDGET, amount), state)
        sandbox.world.resources[f"customers/{ACCOUNT}/adGroups/21"]["status"] = "REMOVED"
        removed = (await connector.read_state([BID]))[BID]
        assert not removed.delivering
        with pytest.raises(Rejected):
            await connector.apply(change(BID, TARGET), removed)
        unknown = Ref(account_id=ACCOUNT, entity=Entity.AD_SET, entity_id="404", lever=Lever.BID)
        assert await connector.read_state([unknown]) == {}
        assert sandbox.effects == ()
    with pytest.raises(ValueError, match="refresh_token"):
        GoogleCredentials(developer_token="a", client_id="b", client_secret="c", refresh_token=" ")


async def test_hours_are_told_anew_when_conversions_are_restated() -> None:
    async with speaking() as (connector, sandbox):
        now = datetime.now(UTC)
        for told_from, conversions in (
            (now - timedelta(1), 1.0),
            (now + timedelta(hours=1), 3.0),
        ):
            metrics = {"cost_micros": 1_234_560, "clicks": 2, "conversions": conversions}
            segments = {"date": "2026-03-01", "hour": 7}
            row = {"campaign": {"id": 11}, "segments": segments, "metrics": metrics}
            sandbox.world.hours.append((ACCOUNT, told_from, row))
        day = date(2026, 3, 1)
        first = await connector.read_performance(ACCOUNT, day, day)
        account, later, row = sandbox.world.hours.pop()
        sandbox.world.hours.append((account, later - timedelta(hours=1), row))
        second = await connector.read_performance(ACCOUNT, day, day)
        assert [(p.hour, p.spend, p.conversions) for p in (*first, *second)] == [
            (7, Decimal("1.23456"), Decimal("1.0")),
            (7, Decimal("1.23456"), Decimal("3.0")),
        ]
        assert first[0].as_of < second[0].as_of
        assert (
            await connector.read_performance(ACCOUNT, day + timedelta(1), day + timedelta(2)) == []
        )


async def test_a_certificate_that_is_not_trusted_ends_in_no_effect() -> None:
    async with speaking() as (_, sandbox):
        sandbox._authority = GoogleSandbox()._authority
        options = GoogleOptions(
            endpoint=sandbox.address,
            token_address=sandbox.tokens.address,
            roots=sandbox.roots,
            timeout=0.4,
            proxies=False,
        )
        stranger = GoogleConnector(credentials(), options)
        with pytest.raises(Ambiguous, match="certificates"):
            await stranger.read_state([BUDGET])
        await stranger.aclose()
        assert sandbox.effects == ()


async def test_a_proxy_of_the_environment_is_left_alone_when_told_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with speaking() as (connector, _):
        assert (await connector.read_state([BUDGET]))[BUDGET].value == Decimal(10)
