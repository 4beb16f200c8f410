"""Meta's own client against Meta on loopback: units, faults, effects, and no secret anywhere."""

from __future__ import annotations

import json
import re
import socket
import traceback
from datetime import date, timedelta
from decimal import Decimal

import pytest
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adactivity import AdActivity
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.adsinsights import AdsInsights
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.minimumbudget import MinimumBudget
from facebook_business.api import FacebookResponse

from schemas.fields import Entity
from tests.workers.connectors.meta_parts import (
    NOON,
    Clock,
    change_of,
    meta,
    reference,
    set_value,
    state_of,
)
from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Rejected, Throttled
from workers.connectors.meta.answers import failure
from workers.connectors.protocol import Change, Lever
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.meta.server import MetaSandbox
from workers.sandbox.meta.store import Reported

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
    Fault.NO_PERMISSION: (AuthFailed, 0),
    Fault.VERSION_SUNSET: (AuthFailed, 0),
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
    ("codes", "expected"),
    [([3, 10, 200, 294, 299], AuthFailed), ([100, 199, 300, 368, 1885], Rejected)],
    ids=["permissions", "others"],
)
def test_what_a_person_has_to_grant_stops_the_account_and_no_other_refusal_does(
    codes: list[int], expected: type[ConnectorError]
) -> None:
    for code in codes:
        body = {"error": {"message": "Refused.", "code": code, "fbtrace_id": "A"}}
        told = failure(400, json.dumps(body), {})
        assert type(told) is expected, code
        assert told is not None
        assert (told.code, told.request_id) == (str(code), "A")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (change_of(reference(Lever.DAILY_BUDGET), "60", "USD"), "account in EUR"),
        (change_of(reference(Lever.DAILY_BUDGET), "60.001"), "multiple of 0.01"),
        (change_of(reference(Lever.DAILY_BUDGET), "0.99"), "too low"),
        (change_of(reference(Lever.DAILY_BUDGET, entity_id="8"), "60"), "campaign 6"),
        (change_of(reference(Lever.LIFETIME_BUDGET), "60"), "daily_budget of the ad_set"),
        (change_of(reference(Lever.COST_CAP), "60"), "WITH_BID_CAP"),
        (change_of(reference(Lever.STATUS), "2"), "1 .delivers. or 0"),
    ],
)
async def test_what_meta_would_not_do_is_rejected_and_nothing_is_set(
    change: Change, says: str
) -> None:
    async with meta() as (platform, connector):
        state = await state_of(connector, change.ref)
        with pytest.raises(Rejected, match=says):
            await connector.validate(change, state)
        assert not platform.effects


async def test_a_dry_run_sets_nothing() -> None:
    async with meta() as (platform, connector):
        change = change_of(reference(Lever.DAILY_BUDGET), "60")
        await connector.validate(change, await state_of(connector, change.ref))
        assert platform.requests[-1][2]["execution_options"] == '["validate_only"]'
        assert not platform.effects


async def test_an_ad_set_that_was_archived_or_has_gone_since_it_was_read_is_rejected() -> None:
    async with meta() as (platform, connector):
        change = change_of(reference(Lever.BID), "2")
        state = await state_of(connector, change.ref)
        platform.store.entities["7"]["status"] = "ARCHIVED"
        with pytest.raises(Rejected, match="archived"):
            await connector.validate(change, state)
        del platform.store.entities["7"]
        with pytest.raises(Rejected, match="has no ad_set 7"):
            await connector.validate(change, state)


async def test_an_id_that_could_lead_elsewhere_is_not_asked_for() -> None:
    async with meta() as (platform, connector):
        with pytest.raises(Rejected, match="are digits"):
            await connector.read_state([reference(Lever.BID, entity_id="7/x")])
        assert all("x" not in path for _, path, _ in platform.requests)


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
    change = change_of(reference(Lever.BID), "2")
    async with meta() as (_, connector):
        state = await state_of(connector, change.ref)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{held.getsockname()[1]}"
        async with meta(address=address) as (_, connector):
            with pytest.raises(Throttled, match="nothing was sent") as raised:
                await connector.apply(change, state)
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
    clock = Clock()
    async with meta(now=clock) as (platform, connector):
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
        clock.move(hours=2)
        later = await connector.read_performance("1", date(2026, 3, 1), date(2026, 3, 1))
        assert {row.spend for row in later} == {Decimal(9)}


async def test_every_field_that_is_asked_for_is_one_that_metas_client_knows() -> None:
    known = {"1": AdAccount, "5": Campaign, "7": AdSet, "insights": AdsInsights}
    known |= {"activities": AdActivity, "minimum_budgets": MinimumBudget}
    async with meta() as (platform, connector):
        await connector.describe_account("1")
        await connector.read_state(
            [reference(Lever.BID), reference(Lever.STATUS, Entity.CAMPAIGN, "5")]
        )
        await connector.read_performance("1", date(2026, 3, 1), date(2026, 3, 1))
        await connector.read_history("1", NOON)
        asked = {
            path.rpartition("/")[2].removeprefix("act_"): form.get("fields", "")
            for _, path, form in platform.requests
        }
    assert asked.keys() == known.keys()
    for place, fields in asked.items():
        names = set(re.findall(r"\w+", fields))
        assert names <= set(vars(known[place].Field).values()), place


@pytest.mark.parametrize("status", [200, 304, 404, 503])
@pytest.mark.parametrize(
    "body",
    [
        '{"success": false}',
        '{"Service Unavailable": ""}',
        '{"error": {"code": 1}}',
        "",
        "<p>",
        "[]",
    ],
)
def test_what_metas_client_takes_for_a_failure_or_cannot_read_is_refused_before_it(
    body: str, status: int
) -> None:
    known = FacebookResponse(body=body, http_status=status)
    assert known.is_failure() or not isinstance(known.json(), dict)
    assert failure(status, body, {}) is not None


def test_faults_that_meta_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="conflicts"):
        MetaSandbox().faults.plan(Planned(fault=Fault.CONFLICT))
