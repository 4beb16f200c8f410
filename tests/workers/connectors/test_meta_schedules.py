"""High-demand periods on Meta: made once, found by their times, changed and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.fields import Entity
from tests.workers.connectors.meta_parts import NOON, change_of, meta, reference, state_of
from tests.workers.connectors.official_benches import BENCHES
from tests.workers.connectors.official_benches import meta as bench_of_meta
from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.meta.connector import MetaConnector
from workers.connectors.protocol import Lever, Ref
from workers.connectors.stretches import Stretch
from workers.sandbox.faults import Fault, Planned
from workers.sandbox.meta.server import MetaSandbox

SALE = Stretch(datetime(2026, 7, 10, 22, tzinfo=UTC), datetime(2026, 7, 13, 22, tzinfo=UTC))


def increase(entity: Entity = Entity.AD_SET, entity_id: str = "7", stretch: Stretch = SALE) -> Ref:
    ref = reference(Lever.BUDGET_INCREASE, entity, entity_id)
    return replace(ref, part=stretch.part)


async def schedule(connector: MetaConnector, ref: Ref, amount: str, currency: str = "EUR") -> str:
    state = await state_of(connector, ref)
    await connector.validate(change_of(ref, amount, currency), state)
    return (await connector.apply(change_of(ref, amount, currency), state)).sent


async def refused(
    platform: MetaSandbox, connector: MetaConnector, ref: Ref, amount: str
) -> Rejected:
    """See that nothing is made, and return why."""
    state = await state_of(connector, ref)
    with pytest.raises(Rejected) as caught:
        await connector.apply(change_of(ref, amount), state)
    assert not platform.periods.rows
    return caught.value


@pytest.mark.parametrize(("entity", "entity_id"), [(Entity.AD_SET, "7"), (Entity.CAMPAIGN, "6")])
async def test_where_there_is_none_it_is_nothing_and_one_is_made_in_metas_units(
    entity: Entity, entity_id: str
) -> None:
    async with meta() as (platform, connector):
        ref = increase(entity, entity_id)
        assert (await state_of(connector, ref)).value == 0
        assert await schedule(connector, ref, "25.50") == "2550"
        (made,) = platform.periods.rows.values()

        assert [made["ad_object_id"], made["budget_value"]] == [entity_id, 2550]
        assert made["budget_value_type"] == "ABSOLUTE"
        assert made["time_start"] == 1_783_720_800
        assert made["time_end"] - made["time_start"] == 3 * 86_400
        assert (await state_of(connector, ref)).value == Decimal("25.50")


async def test_amounts_of_a_currency_without_cents_are_whole() -> None:
    async with meta("JPY") as (platform, connector):
        assert await schedule(connector, increase(), "2500", "JPY") == "2500"
        assert platform.value(increase()) == 2500


async def test_another_amount_changes_the_same_period_and_nothing_deletes_it() -> None:
    async with meta() as (platform, connector):
        for amount in ("25.50", "0.01", "99"):
            await schedule(connector, increase(), amount)
            assert len(platform.periods.rows) == 1
            assert (await state_of(connector, increase())).value == Decimal(amount)
        await schedule(connector, increase(), "0")

        assert platform.periods.rows == {}
        assert (await state_of(connector, increase())).value == 0
        assert [each.after for each in platform.effects] == [
            Decimal("25.50"),
            Decimal("0.01"),
            99,
            0,
        ]


async def test_what_was_made_by_a_call_without_an_answer_is_found_and_not_made_again() -> None:
    async with meta() as (platform, connector):
        state = await state_of(connector, increase())
        platform.faults.plan(Planned(fault=Fault.APPLIED_THEN_HANG, seconds=4.0))
        with pytest.raises(Ambiguous):
            await connector.apply(change_of(increase(), "25.50"), state)

        assert (await state_of(connector, increase())).value == Decimal("25.50")
        assert len(platform.periods.rows) == 1


async def test_two_of_the_same_times_are_told_and_a_factor_is_no_amount_of_ours() -> None:
    async with meta() as (platform, connector):
        await schedule(connector, increase(), "25.50")
        ((period, row),) = platform.periods.rows.items()
        platform.periods.rows[period] = {**row, "budget_value_type": "MULTIPLIER"}
        assert (await state_of(connector, increase())).value is None

        platform.periods.rows["1"] = {**row, "id": "1"}
        with pytest.raises(Rejected, match="2 high-demand periods"):
            await state_of(connector, increase())


async def test_other_stretches_and_levers_are_read_beside_it_as_what_they_are() -> None:
    async with meta() as (platform, connector):
        platform.page = 1
        later = Stretch(SALE.start + timedelta(days=7), SALE.end + timedelta(days=7))
        refs = [increase(), increase(stretch=later), reference(Lever.DAILY_BUDGET)]
        await schedule(connector, refs[0], "25.50")
        await schedule(connector, refs[1], "3")
        states = await connector.read_state(refs)

        assert [states[ref].value for ref in refs] == [Decimal("25.50"), 3, 50]


async def test_where_the_budget_lives_elsewhere_nothing_is_added_to_it() -> None:
    async with meta() as (platform, connector):
        for entity, entity_id in ((Entity.CAMPAIGN, "5"), (Entity.AD_SET, "8")):
            told = await refused(platform, connector, increase(entity, entity_id), "5")
            assert told.field == "daily_budget"


@pytest.mark.parametrize("amount", ["-1", "0.001", "NaN", "Infinity", "1e15"])
async def test_what_is_no_amount_is_refused(amount: str) -> None:
    async with meta() as (platform, connector):
        await refused(platform, connector, increase(), amount)


@pytest.mark.parametrize(
    "stretch",
    [
        Stretch(NOON - timedelta(hours=2), NOON + timedelta(hours=2)),
        Stretch(SALE.start, SALE.end + timedelta(minutes=1)),
    ],
    ids=["begun", "within a quarter of an hour"],
)
async def test_times_that_meta_does_not_take_are_refused(stretch: Stretch) -> None:
    async with meta() as (platform, connector):
        await refused(platform, connector, increase(stretch=stretch), "5")


@pytest.mark.parametrize("part", ["", "sale", SALE.part.replace("Z", "")])
async def test_what_names_no_stretch_is_no_value(part: str) -> None:
    async with meta() as (_, connector):
        ref = replace(increase(), part=part)
        assert await connector.read_state([ref]) == {}
        state = await state_of(connector, increase())
        with pytest.raises(Rejected):
            await connector.apply(change_of(ref, "5"), state)


async def test_a_state_of_another_stretch_makes_nothing() -> None:
    async with meta() as (platform, connector):
        state = await state_of(connector, increase())
        later = Stretch(SALE.start + timedelta(days=7), SALE.end + timedelta(days=7))
        with pytest.raises(Rejected, match="not read of this stretch"):
            await connector.apply(change_of(increase(stretch=later), "5"), state)
        assert not platform.periods.rows


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open one whose bid is an increase that is made by the first change."""
    async with bench_of_meta() as opened:
        soon = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(days=30)
        part = Stretch(soon, soon + timedelta(days=2)).part
        ref = replace(opened.budget, lever=Lever.BUDGET_INCREASE, part=part)
        yield replace(opened, bid=ref)


OF_BIDS = [
    law
    for law in laws(BENCHES["meta"][1])
    if not any(word in law.name for word in ("budget", "history"))
]


@pytest.mark.parametrize("law", OF_BIDS, ids=str)
def test_an_increase_keeps_what_bids_keep(law: Law) -> None:
    asyncio.run(law(bench))
