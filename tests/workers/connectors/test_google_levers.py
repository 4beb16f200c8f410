"""What can be set on Google Ads: read, tried, made and read back, by the official client."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.workers.connectors.google_parts import (
    ACCOUNT,
    BID,
    BUDGET,
    SMART,
    ad_group,
    campaign,
    change,
    named,
    read,
    refused,
    set_to,
    speaking,
    under,
)
from workers.connectors.errors import Rejected
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.google.world import SandboxAccount

CAMPAIGN, AD_GROUP = named("campaigns", "11"), named("adGroups", "21")


@pytest.mark.parametrize(
    ("currency", "unit", "asked", "sent"),
    [
        ("EUR", 10_000, "12.349", 12_340_000),
        ("JPY", 1_000_000, "1299.9", 1_299_000_000),
        ("KWD", 5_000, "7.0049", 7_000_000),
    ],
)
@pytest.mark.parametrize(
    "ref", [BUDGET, BID, campaign(Lever.TARGET_CPA)], ids=["daily budget", "bid", "target CPA"]
)
async def test_amounts_are_whole_billable_units_to_the_micro(
    currency: str, unit: int, asked: str, sent: int, ref: Ref
) -> None:
    account = SandboxAccount(account_id=ACCOUNT, currency=currency, billable_unit_micros=unit)
    async with speaking(account) as (connector, sandbox):
        under(sandbox, "TARGET_CPA" if ref.lever is Lever.TARGET_CPA else "MANUAL_CPC")
        told = await connector.describe_account("123-456-7890")
        amount = connector.quantize(Decimal(asked), told, ref.lever)
        assert amount * 1_000_000 == sent
        with pytest.raises(Rejected) as caught:
            await connector.apply(change(ref, asked, currency), await read(connector, ref))
        assert caught.value.code == (
            "campaign_budget_error/NON_MULTIPLE_OF_MINIMUM_CURRENCY_UNIT"
            if ref is BUDGET
            else "currency_error/VALUE_NOT_MULTIPLE_OF_BILLABLE_UNIT"
        )
        assert await set_to(connector, sandbox, ref, str(amount), currency) == str(sent)


@pytest.mark.parametrize(
    ("lever", "strategy", "target", "sent"),
    [
        (Lever.TARGET_CPA, "TARGET_CPA", "8.40", "8400000"),
        (Lever.TARGET_CPA, "MAXIMIZE_CONVERSIONS", "8.40", "8400000"),
        (Lever.TARGET_ROAS, "TARGET_ROAS", "4.57", "4.57"),
        (Lever.TARGET_ROAS, "MAXIMIZE_CONVERSION_VALUE", "4.57", "4.57"),
    ],
)
@pytest.mark.parametrize("level", [campaign, ad_group])
async def test_targets_are_set_where_the_bidding_strategy_keeps_them(
    level: object, lever: Lever, strategy: str, target: str, sent: str
) -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, strategy)
        ref = campaign(lever) if level is campaign else ad_group(lever)
        assert (await read(connector, ref)).value is None
        assert await set_to(connector, sandbox, ref, target) == sent


@pytest.mark.parametrize("lever", [Lever.TARGET_CPA, Lever.TARGET_ROAS])
@pytest.mark.parametrize("level", [campaign, ad_group])
async def test_a_target_that_the_strategy_does_not_have_is_no_value(
    level: object, lever: Lever
) -> None:
    async with speaking() as (connector, sandbox):
        ref = campaign(lever) if level is campaign else ad_group(lever)
        other = {Lever.TARGET_CPA: "TARGET_ROAS", Lever.TARGET_ROAS: "TARGET_CPA"}[lever]
        for strategy in ("MANUAL_CPC", "TARGET_SPEND", other):
            under(sandbox, strategy)
            assert await connector.read_state([ref]) == {}


@pytest.mark.parametrize("ref", [campaign(Lever.STATUS), ad_group(Lever.STATUS)])
async def test_what_delivers_is_paused_and_resumed(ref: Ref) -> None:
    async with speaking() as (connector, sandbox):
        for target, sent in (("0", "PAUSED"), ("1", "ENABLED")):
            sandbox.world.effects.clear()
            assert await set_to(connector, sandbox, ref, target) == sent
            assert (await read(connector, ref)).delivering == (target == "1")
        assert (await read(connector, BID)).delivering
        sandbox.edit(campaign(Lever.STATUS), Decimal(0))
        assert not (await read(connector, BID)).delivering
        with pytest.raises(Rejected):
            await connector.apply(change(ref, "0.5"), await read(connector, ref))


@pytest.mark.parametrize(
    ("strategy", "field"),
    [
        ("MANUAL_CPC", "cpc_bid_micros"),
        ("MANUAL_CPM", "cpm_bid_micros"),
        ("MANUAL_CPV", "cpv_bid_micros"),
    ],
)
async def test_a_bid_is_for_what_the_strategy_is_billed_by(strategy: str, field: str) -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, strategy)
        await set_to(connector, sandbox, BID, "0.35")
        assert sandbox.world.resources[AD_GROUP][field] == 350_000


@pytest.mark.parametrize("strategy", [*SMART, "TARGET_SPEND"])
async def test_a_bid_that_google_would_ignore_is_none_and_is_refused(strategy: str) -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, strategy)
        assert (await read(connector, BID)).value is None
        told = await refused(connector, sandbox, BID, "0.35")
        assert strategy in told.detail
        assert "ignores" in told.detail


async def test_a_shared_budget_is_refused_unless_allowed() -> None:
    for allowed in (False, True):
        async with speaking(shared=allowed) as (connector, sandbox):
            sandbox.world.add_campaign(ACCOUNT, "12", explicitly_shared=True)
            ref = campaign(Lever.DAILY_BUDGET, "12")
            assert (await read(connector, ref)).shared
            if allowed:
                await set_to(connector, sandbox, ref, "2.50")
            else:
                told = await refused(connector, sandbox, ref, "2.50")
                assert told.field == "explicitly_shared"


@pytest.mark.parametrize(
    ("lever", "strategy", "target"),
    [
        (Lever.TARGET_CPA, "TARGET_CPA", "8.40"),
        (Lever.TARGET_CPA, "MAXIMIZE_CONVERSIONS", "8.40"),
        (Lever.TARGET_ROAS, "TARGET_ROAS", "4.57"),
        (Lever.TARGET_ROAS, "MAXIMIZE_CONVERSION_VALUE", "4.57"),
    ],
)
@pytest.mark.parametrize("allowed", [False, True])
async def test_a_strategy_that_several_campaigns_bid_by_is_refused_unless_allowed(
    lever: Lever, strategy: str, target: str, *, allowed: bool
) -> None:
    async with speaking(shared=allowed) as (connector, sandbox):
        under(sandbox, strategy)
        sandbox.world.add_campaign(ACCOUNT, "12", strategy=strategy)
        sandbox.world.add_portfolio(ACCOUNT, "5", CAMPAIGN, named("campaigns", "12"))
        ref = campaign(lever)
        assert (await read(connector, ref)).shared
        if not allowed:
            told = await refused(connector, sandbox, ref, target)
            assert told.field == "bidding_strategy"
            return
        await set_to(connector, sandbox, ref, target)
        assert (await read(connector, campaign(lever, "12"))).value == Decimal(target)


async def test_a_strategy_that_one_campaign_bids_by_is_its_own() -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, "TARGET_CPA")
        sandbox.world.add_portfolio(ACCOUNT, "5", CAMPAIGN)
        ref = campaign(Lever.TARGET_CPA)
        assert not (await read(connector, ref)).shared
        await set_to(connector, sandbox, ref, "8.40")
        kept = sandbox.world.resources[named("biddingStrategies", "5")]
        assert kept["target_cpa"] == {"target_cpa_micros": 8_400_000}


async def test_a_strategy_of_the_manager_account_is_refused_whatever_is_allowed() -> None:
    async with speaking(shared=True) as (connector, sandbox):
        under(sandbox, "TARGET_CPA")
        sandbox.world.add_portfolio("5550001111", "5", CAMPAIGN)
        assert (await read(connector, campaign(Lever.TARGET_CPA))).shared
        told = await refused(connector, sandbox, campaign(Lever.TARGET_CPA), "8.40")
        assert "5550001111" in told.detail


async def test_a_lifetime_budget_is_set_and_is_no_daily_one() -> None:
    async with speaking() as (connector, sandbox):
        sandbox.world.add_campaign(
            ACCOUNT, "12", period="CUSTOM_PERIOD", amount_micros=0, total_amount_micros=50_000_000
        )
        lifetime = campaign(Lever.LIFETIME_BUDGET, "12")
        assert set(await connector.read_state([campaign(Lever.DAILY_BUDGET, "12"), lifetime])) == {
            lifetime
        }
        told = await refused(connector, sandbox, lifetime, "0.99")
        assert "at least 1 EUR in all" in told.detail
        await set_to(connector, sandbox, lifetime, "75")


async def test_a_campaign_that_is_moved_to_another_strategy_has_another_version() -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, "TARGET_CPA")
        ref = campaign(Lever.TARGET_CPA)
        seen = [(await read(connector, ref)).version]
        sandbox.world.add_portfolio(ACCOUNT, "5", CAMPAIGN)
        seen.append((await read(connector, ref)).version)
        under(sandbox, "MAXIMIZE_CONVERSIONS")
        seen.append((await read(connector, ref)).version)
        assert len(set(seen)) == len(seen)
