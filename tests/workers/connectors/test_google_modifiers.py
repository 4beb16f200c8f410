"""Factors on bids by device and schedule: made, changed, refused where Google ignores them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.workers.connectors.google_parts import (
    ACCOUNT,
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
from tests.workers.connectors.official_benches import BENCHES, google
from workers.connectors.errors import Conflict, Rejected
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import Lever
from workers.sandbox.google.world import AT_THE_PAGES

MORNING = {"day_of_week": "MONDAY", "start_hour": 8, "end_hour": 12}
MOBILE = campaign(Lever.DEVICE_MODIFIER, part="mobile")


@pytest.mark.parametrize("part", ["desktop", "mobile", "tablet"])
@pytest.mark.parametrize("level", [campaign, ad_group])
async def test_a_devices_modifier_comes_to_be_and_is_changed(level: object, part: str) -> None:
    of_campaign = level is campaign
    lever = Lever.DEVICE_MODIFIER
    ref = campaign(lever, part=part) if of_campaign else ad_group(lever, part)
    async with speaking() as (connector, sandbox):
        assert (await read(connector, ref)).value is None
        for target in ("1.2", "0.85", "10", "0.1", "1", "0"):
            sandbox.world.effects.clear()
            assert await set_to(connector, sandbox, ref, target) == str(float(target))
        owner, kind = ("11", "campaignCriteria") if of_campaign else ("21", "adGroupBidModifiers")
        made = [name for name in sandbox.world.resources if f"/{kind}/" in name]
        number = {"desktop": 30000, "mobile": 30001, "tablet": 30002}[part]
        assert made == [named(kind, f"{owner}~{number}")]


async def test_devices_and_levels_have_modifiers_of_their_own() -> None:
    async with speaking() as (connector, _):
        lever = Lever.DEVICE_MODIFIER
        devices = [("desktop", "1.1"), ("mobile", "1.2"), ("tablet", "0.5")]
        wanted = {campaign(lever, part=part): Decimal(value) for part, value in devices}
        wanted[ad_group(lever, "mobile")] = Decimal("0.7")
        for ref, value in wanted.items():
            state = await read(connector, ref)
            await connector.apply(change(ref, str(value)), state)
        states = await connector.read_state([*wanted, BUDGET])
        assert {ref: states[ref].value for ref in wanted} == wanted
        assert states[BUDGET].value == Decimal(10)
        with pytest.raises(Rejected, match="not read of this value"):
            await connector.apply(
                change(campaign(lever, part="tablet"), "2"), states[campaign(lever, part="mobile")]
            )


@pytest.mark.parametrize(
    ("schedule", "part"),
    [
        (MORNING, "mon-08-12"),
        (MORNING | {"end_hour": 9}, "mon-08"),
        ({"day_of_week": "SUNDAY", "start_hour": 0, "end_hour": 24}, "sun-00-24"),
        ({"day_of_week": "SATURDAY", "start_hour": 23, "end_hour": 24}, "sat-23"),
    ],
)
async def test_a_stretch_of_the_week_has_a_modifier(schedule: dict[str, object], part: str) -> None:
    async with speaking() as (connector, sandbox):
        sandbox.world.add_schedule(ACCOUNT, "11", "301", **schedule)
        ref = campaign(Lever.SCHEDULE_MODIFIER, part=part)
        assert (await read(connector, ref)).value is None
        assert await set_to(connector, sandbox, ref, "1.35") == "1.35"
        with pytest.raises(Rejected):
            await connector.apply(change(ref, "0"), await read(connector, ref))


async def test_a_stretch_that_the_campaign_has_not_is_no_value_and_is_not_made() -> None:
    """A campaign delivers at all times until it has a stretch, and then within it only."""
    async with speaking() as (connector, sandbox):
        sandbox.world.add_schedule(ACCOUNT, "11", "301", **MORNING)
        half = MORNING | {"day_of_week": "FRIDAY", "start_minute": "THIRTY"}
        sandbox.world.add_schedule(ACCOUNT, "11", "302", **half)
        parts = ("mon-08", "mon-09", "tue-08-12", "fri-08-12", "mon-8-12", "noon", "mobile")
        refs = [campaign(Lever.SCHEDULE_MODIFIER, part=part) for part in parts]
        assert await connector.read_state(refs) == {}


@pytest.mark.parametrize("strategy", SMART)
async def test_a_modifier_that_google_would_ignore_is_refused(strategy: str) -> None:
    async with speaking() as (connector, sandbox):
        under(sandbox, strategy)
        sandbox.world.add_schedule(ACCOUNT, "11", "301", **MORNING)
        stretch = campaign(Lever.SCHEDULE_MODIFIER, part="mon-08-12")
        for ref in (MOBILE, ad_group(Lever.DEVICE_MODIFIER, "mobile"), stretch):
            told = await refused(connector, sandbox, ref, "1.2")
            assert f"ignores modifiers under {strategy}" in told.detail
            assert told.field == "bid_modifier"
        await set_to(connector, sandbox, MOBILE, "0")


@pytest.mark.parametrize("target", ["0.09", "10.01", "-0.5", "NaN", "Infinity"])
async def test_a_modifier_outside_of_its_range_is_refused(target: str) -> None:
    async with speaking() as (connector, sandbox):
        await refused(connector, sandbox, MOBILE, target)


async def test_a_modifier_that_somebody_else_made_meanwhile_is_a_conflict() -> None:
    async with speaking() as (connector, sandbox):
        state = await read(connector, MOBILE)
        sandbox.edit(MOBILE, Decimal("0.5"))
        with pytest.raises(Conflict) as caught:
            await connector.apply(change(MOBILE, "1.2"), state)
        assert caught.value.code == "criterion_error/BID_MODIFIER_ALREADY_EXISTS"
        assert (await read(connector, MOBILE)).value == sandbox.value(MOBILE) == Decimal("0.5")


async def test_a_modifier_that_is_kept_by_four_bytes_is_the_decimal_that_was_set() -> None:
    async with speaking() as (connector, sandbox):
        for raw, meant in ((1.2000000476837158, "1.2"), (1.2, "1.2"), (1.125, "1.125"), (0.0, "0")):
            sandbox.world.put(
                named("campaignCriteria", "11~30001"), "bid_modifier", raw, by=AT_THE_PAGES
            )
            assert (await read(connector, MOBILE)).value == Decimal(meant)


async def test_a_part_where_there_is_none_and_none_where_there_is_one_are_refused() -> None:
    async with speaking() as (connector, sandbox):
        state = await read(connector, BUDGET)
        for ref in (replace(BUDGET, part="mobile"), replace(MOBILE, part="")):
            assert await connector.read_state([ref]) == {}
            with pytest.raises(Rejected):
                await connector.apply(change(ref, "2"), state)
        assert sandbox.effects == ()


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open one whose bid is a modifier that comes to be by the first change."""
    async with google() as opened:
        yield replace(opened, bid=MOBILE, values=(Decimal("7.34"), Decimal("8.07")))


OF_BIDS = [law for law in laws(BENCHES["google"][1]) if "budget" not in law.name]


@pytest.mark.parametrize("law", OF_BIDS, ids=str)
def test_a_modifier_keeps_what_bids_keep(law: Law) -> None:
    asyncio.run(law(bench))
