"""Every value that can be set on Meta is set in Meta's units, on the level that has it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas.fields import Entity
from tests.workers.connectors.meta_parts import Clock, change_of, meta, reference, set_value
from workers.connectors.errors import Rejected, Throttled
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.meta.units import offset
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.meta.currencies import OFFSETS
from workers.sandbox.meta.server import MetaSandbox

CAPPED = {"daily_budget": "5000", "bid_amount": 150}
FLOOR = {"bid_constraints": {"roas_average_floor": 12500}}
HOLDERS: dict[tuple[Entity, Lever], dict[str, object]] = {
    (Entity.AD_SET, Lever.DAILY_BUDGET): {"daily_budget": "5000"},
    (Entity.AD_SET, Lever.LIFETIME_BUDGET): {"lifetime_budget": "90000"},
    (Entity.AD_SET, Lever.BID): {**CAPPED, "bid_strategy": "LOWEST_COST_WITH_BID_CAP"},
    (Entity.AD_SET, Lever.COST_CAP): {**CAPPED, "bid_strategy": "COST_CAP"},
    (Entity.AD_SET, Lever.TARGET_ROAS): {**FLOOR, "bid_strategy": "LOWEST_COST_WITH_MIN_ROAS"},
    (Entity.AD_SET, Lever.STATUS): {"daily_budget": "5000"},
    (Entity.CAMPAIGN, Lever.DAILY_BUDGET): {"daily_budget": "5000"},
    (Entity.CAMPAIGN, Lever.LIFETIME_BUDGET): {"lifetime_budget": "90000"},
    (Entity.CAMPAIGN, Lever.STATUS): {},
}
"""What an entity has where a value can be set."""
MONEY = [
    (entity, lever) for entity, lever in HOLDERS if lever not in {Lever.TARGET_ROAS, Lever.STATUS}
]


def add_holder(platform: MetaSandbox, entity: Entity, lever: Lever, number: int = 70) -> Ref:
    """Add an entity that has such a value; an ad set in a campaign of its own."""
    entity_id, held = str(number), HOLDERS[entity, lever]
    if entity is Entity.CAMPAIGN:
        platform.store.add_campaign("1", entity_id, **held)
    else:
        platform.store.add_campaign("1", f"{number + 1}")
        platform.store.add_ad_set("1", entity_id, f"{number + 1}", **held)
    return reference(lever, entity, entity_id)


async def set_and_read_back(
    platform: MetaSandbox, connector: MetaConnector, ref: Ref, target: str, currency: str = "EUR"
) -> object:
    """Read, check, set and read again; return what went over the wire, which is one value."""
    change = change_of(ref, target, currency)
    state = (await connector.read_state([ref]))[ref]
    await connector.validate(change, state)
    assert not platform.effects
    receipt = await connector.apply(change, state)
    [effect] = platform.effects
    assert (effect.ref, effect.after) == (ref, Decimal(target))
    assert (await connector.read_state([ref]))[ref].value == Decimal(target)
    method, path, form = platform.requests[-3]
    assert (method, path) == ("POST", ref.entity_id)
    [(field, sent)] = form.items()
    assert sent == receipt.sent
    return field, sent


def test_every_lever_of_the_connector_is_tried() -> None:
    levers = MetaConnector.capabilities.levers
    # Increases of budgets have tests of their own.
    assert set(HOLDERS) == {each for each in levers if each[1] is not Lever.BUDGET_INCREASE}


@pytest.mark.parametrize(
    ("currency", "target", "sent"),
    [
        ("EUR", "62.57", "6257"),
        ("BHD", "62.57", "6257"),
        ("JPY", "6257", "6257"),
        ("HUF", "6257", "6257"),
    ],
)
@pytest.mark.parametrize(("entity", "lever"), MONEY)
async def test_money_is_read_back_as_it_was_set_and_goes_over_the_wire_in_metas_units(
    entity: Entity, lever: Lever, currency: str, target: str, sent: str
) -> None:
    fields = {Lever.DAILY_BUDGET: "daily_budget", Lever.LIFETIME_BUDGET: "lifetime_budget"}
    async with meta(currency) as (platform, connector):
        ref = add_holder(platform, entity, lever)
        wired = await set_and_read_back(platform, connector, ref, target, currency)
        assert wired == (fields.get(lever, "bid_amount"), sent)


async def test_a_minimum_roas_is_a_ratio_in_ten_thousandths_whatever_the_currency() -> None:
    for currency in ("EUR", "JPY"):
        async with meta(currency) as (platform, connector):
            ref = add_holder(platform, Entity.AD_SET, Lever.TARGET_ROAS)
            wired = await set_and_read_back(platform, connector, ref, "3.1415", currency)
            assert wired == ("bid_constraints", '{"roas_average_floor": 31415}')


@pytest.mark.parametrize("target", ["0.0099", "1000.0001", "3.14159"])
async def test_a_minimum_roas_beyond_what_meta_takes_is_rejected(target: str) -> None:
    async with meta() as (platform, connector):
        ref = add_holder(platform, Entity.AD_SET, Lever.TARGET_ROAS)
        with pytest.raises(Rejected):
            await set_value(connector, change_of(ref, target))
        assert not platform.effects


@pytest.mark.parametrize("entity", [Entity.AD_SET, Entity.CAMPAIGN])
async def test_what_is_paused_delivers_no_more_until_it_is_resumed(entity: Entity) -> None:
    async with meta() as (platform, connector):
        ref = add_holder(platform, entity, Lever.STATUS)
        assert await set_and_read_back(platform, connector, ref, "0") == ("status", "PAUSED")
        assert not (await connector.read_state([ref]))[ref].delivering
        platform.store.effects.clear()
        assert await set_and_read_back(platform, connector, ref, "1") == ("status", "ACTIVE")
        assert (await connector.read_state([ref]))[ref].delivering


async def test_an_ad_set_of_a_paused_campaign_is_on_and_does_not_deliver() -> None:
    async with meta() as (_, connector):
        ref = reference(Lever.STATUS)
        await set_value(connector, change_of(reference(Lever.STATUS, Entity.CAMPAIGN, "5"), "0"))
        state = (await connector.read_state([ref]))[ref]
        assert (state.value, state.delivering) == (Decimal(1), False)


async def test_a_cost_cap_may_be_the_ad_sets_and_its_strategy_the_campaigns() -> None:
    async with meta() as (platform, connector):
        platform.store.entities["6"]["bid_strategy"] = "COST_CAP"
        platform.store.entities["8"]["bid_amount"] = 900
        ref = reference(Lever.COST_CAP, entity_id="8")
        assert await set_and_read_back(platform, connector, ref, "9.5") == ("bid_amount", "950")


@pytest.mark.parametrize("lever", [Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET])
async def test_a_budget_is_set_where_it_lives_and_refused_elsewhere(lever: Lever) -> None:
    async with meta() as (platform, connector):
        campaign = add_holder(platform, Entity.CAMPAIGN, lever)
        platform.store.add_ad_set("1", "80", campaign.entity_id)
        ad_set = reference(lever, entity_id="80")
        with pytest.raises(Rejected, match=f"{lever} of campaign 70"):
            await set_value(connector, change_of(ad_set, "60"))
        await set_and_read_back(platform, connector, campaign, "60")

        ad_set = add_holder(platform, Entity.AD_SET, lever, 90)
        with pytest.raises(Rejected, match="its ad sets have"):
            await set_value(connector, change_of(reference(lever, Entity.CAMPAIGN, "91"), "60"))
        platform.store.effects.clear()
        await set_and_read_back(platform, connector, ad_set, "60")


@pytest.mark.parametrize(("entity", "lever"), HOLDERS)
async def test_no_change_is_made_by_the_state_of_another_entity(
    entity: Entity, lever: Lever
) -> None:
    async with meta() as (platform, connector):
        own = add_holder(platform, entity, lever, 70)
        other = add_holder(platform, entity, lever, 80)
        state = (await connector.read_state([other]))[other]
        asked = len(platform.requests)
        for call in (connector.validate, connector.apply):
            with pytest.raises(Rejected, match="not read of this entity"):
                await call(change_of(own, "1"), state)
        assert (len(platform.requests), platform.effects) == (asked, ())


async def test_no_change_is_made_by_the_state_of_the_same_entity_under_another_account() -> None:
    async with meta() as (platform, connector):
        ref = reference(Lever.DAILY_BUDGET)
        state = (await connector.read_state([ref]))[ref]
        stranger = Ref(
            account_id="2", entity=ref.entity, entity_id=ref.entity_id, lever=Lever.DAILY_BUDGET
        )
        with pytest.raises(Rejected, match="not read of this entity"):
            await connector.apply(change_of(stranger, "60"), state)
        assert not platform.effects


def test_the_connectors_units_are_those_of_metas_list() -> None:
    assert {currency: offset(currency) for currency in OFFSETS} == dict(OFFSETS)


@pytest.mark.parametrize(
    ("currency", "minimum", "least"), [("EUR", 95, "0.95"), ("HUF", 370, "370"), ("USD", 100, "1")]
)
async def test_the_least_daily_budget_is_that_of_the_accounts_own_currency(
    currency: str, minimum: int, least: str
) -> None:
    async with meta() as (platform, connector):
        platform.page = 1
        platform.store.add_account("2", currency, minimum=minimum)
        account = await connector.describe_account("2")
        assert account.minimums == {Lever.DAILY_BUDGET: Decimal(least)}


async def test_an_account_without_minimums_tells_none() -> None:
    async with meta() as (platform, connector):
        platform.store.minimums["1"].clear()
        assert (await connector.describe_account("1")).minimums == {}


async def test_an_ad_set_that_is_billed_by_clicks_has_a_higher_least_that_meta_tells() -> None:
    async with meta() as (platform, connector):
        platform.store.add_ad_set("1", "9", "5", daily_budget="9000", billing_event="CLICKS")
        ref = reference(Lever.DAILY_BUDGET, entity_id="9")
        with pytest.raises(Rejected, match="at least 500") as raised:
            await set_value(connector, change_of(ref, "4.99"))
        assert (raised.value.code, raised.value.field) == ("100/1885272", "daily_budget")
        await set_value(connector, change_of(ref, "5"))


@pytest.mark.parametrize("lever", [Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET])
async def test_a_fifth_change_of_a_budget_in_an_hour_blocks_the_ad_sets_budget_for_an_hour(
    lever: Lever,
) -> None:
    clock = Clock()
    async with meta(now=clock) as (platform, connector):
        ref, other = (add_holder(platform, Entity.AD_SET, lever, number) for number in (70, 80))
        for target in ("61", "62", "63", "64"):
            await set_value(connector, change_of(ref, target))
            clock.move(minutes=10)
        with pytest.raises(Throttled) as raised:
            await set_value(connector, change_of(ref, "65"))
        assert (raised.value.code, raised.value.retry_after) == ("613/1487632", 3600)
        assert platform.value(ref) == 64

        await set_value(connector, change_of(other, "65"))
        await set_value(connector, change_of(reference(Lever.STATUS, entity_id="70"), "0"))
        clock.move(seconds=3599)
        with pytest.raises(Throttled):
            await set_value(connector, change_of(ref, "65"))
        clock.move(seconds=1)
        await set_value(connector, change_of(ref, "65"))
        assert platform.value(ref) == 65


async def test_four_changes_of_a_budget_in_any_hour_are_taken_all_day() -> None:
    clock = Clock()
    async with meta(now=clock) as (platform, connector):
        for number in range(40):
            await set_value(connector, change_of(reference(Lever.DAILY_BUDGET), f"{60 + number}"))
            clock.move(minutes=15)
        assert len(platform.effects) == 40
    assert MetaConnector.capabilities.changes_per_hour == 4


async def test_dry_runs_bids_and_campaigns_are_not_counted_as_changes_of_an_ad_sets_budget() -> (
    None
):
    async with meta() as (_, connector):
        ref = reference(Lever.DAILY_BUDGET)
        state = (await connector.read_state([ref]))[ref]
        for number in range(6):
            await connector.validate(change_of(ref, f"{60 + number}"), state)
            await set_value(connector, change_of(reference(Lever.BID), f"{1 + number}"))
            campaign = reference(Lever.DAILY_BUDGET, Entity.CAMPAIGN, "6")
            await set_value(connector, change_of(campaign, f"{60 + number}"))
        await set_value(connector, change_of(ref, "66"))
