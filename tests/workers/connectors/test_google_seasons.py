"""Seasonality adjustments on Google Ads: made once, found by their name, changed and removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.workers.connectors.google_parts import (
    ACCOUNT,
    BUDGET,
    SMART,
    campaign,
    change,
    named,
    read,
    refused,
    speaking,
    under,
)
from tests.workers.connectors.official_benches import BENCHES, google
from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import Connector, Lever, Ref
from workers.connectors.stretches import Stretch, stretch_of
from workers.sandbox.faults import Fault, Planned
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.google.world import AT_THE_PAGES, SandboxAccount

YEAR = datetime.now(UTC).year + 1
SALE = Stretch(datetime(YEAR, 7, 10, 22, tzinfo=UTC), datetime(YEAR, 7, 13, 22, tzinfo=UTC))
SEASON = campaign(Lever.SEASONALITY, part=SALE.part)


@asynccontextmanager
async def smart(
    account: SandboxAccount | None = None,
) -> AsyncIterator[tuple[Connector, GoogleSandbox]]:
    """Open a campaign that goes by a target, as adjustments need."""
    async with speaking(account) as (connector, sandbox):
        under(sandbox, "TARGET_CPA")
        yield connector, sandbox


async def tell(connector: Connector, ref: Ref, factor: str) -> None:
    state = await read(connector, ref)
    await connector.validate(change(ref, factor), state)
    await connector.apply(change(ref, factor), state)


def adjustments(sandbox: GoogleSandbox) -> list[dict[str, object]]:
    rows = sandbox.world.resources.items()
    return [row for name, row in rows if "/biddingSeasonalityAdjustments/" in name]


async def test_where_none_is_told_the_factor_is_one_and_telling_makes_one_adjustment() -> None:
    async with smart() as (connector, sandbox):
        assert (await read(connector, SEASON)).value == 1
        await tell(connector, SEASON, "1.35")
        (made,) = adjustments(sandbox)

        # Midnight to midnight of the account, which is two hours ahead of UTC in July.
        assert made["start_date_time"] == f"{YEAR}-07-11 00:00:00"
        assert made["end_date_time"] == f"{YEAR}-07-14 00:00:00"
        assert (made["scope"], made["campaigns"]) == ("CAMPAIGN", [named("campaigns", "11")])
        assert made["conversion_rate_modifier"] == 1.35
        assert (await read(connector, SEASON)).value == Decimal("1.35")


async def test_another_factor_changes_the_same_adjustment_and_one_removes_it() -> None:
    async with smart() as (connector, sandbox):
        for factor in ("1.35", "0.1", "10", "2.07"):
            await tell(connector, SEASON, factor)
            assert len(adjustments(sandbox)) == 1
            assert (await read(connector, SEASON)).value == Decimal(factor)
        await tell(connector, SEASON, "1")

        assert adjustments(sandbox) == []
        assert (await read(connector, SEASON)).value == 1
        assert [effect.after for effect in sandbox.effects][-2:] == [Decimal("2.07"), 1]


async def test_what_was_made_by_a_call_without_an_answer_is_found_and_no_second_one_is_made() -> (
    None
):
    async with smart() as (connector, sandbox):
        state = await read(connector, SEASON)
        sandbox.faults.plan(Planned(fault=Fault.APPLIED_THEN_HANG, seconds=7.0))
        with pytest.raises(Ambiguous):
            await connector.apply(change(SEASON, "1.35"), state)
        again = await read(connector, SEASON)

        assert again.value == Decimal("1.35")
        assert len(adjustments(sandbox)) == 1


async def test_two_with_the_same_name_are_told_and_neither_is_touched() -> None:
    async with smart() as (connector, sandbox):
        await tell(connector, SEASON, "1.35")
        (row,) = adjustments(sandbox)
        sandbox.world.put_season(
            named("biddingSeasonalityAdjustments", "777"), dict(row), by=AT_THE_PAGES
        )
        with pytest.raises(Rejected, match="2 seasonality adjustments are named"):
            await read(connector, SEASON)


@pytest.mark.parametrize(
    "edit", [{"end_date_time": f"{YEAR}-07-20 00:00:00"}, {"campaigns": [named("campaigns", "9")]}]
)
async def test_one_that_somebody_has_moved_is_none_of_the_values_that_are_expected(
    edit: dict[str, object],
) -> None:
    async with smart() as (connector, sandbox):
        await tell(connector, SEASON, "1.35")
        adjustments(sandbox)[0].update(edit)

        assert (await read(connector, SEASON)).value is None


async def test_stretches_and_campaigns_have_adjustments_of_their_own() -> None:
    async with smart() as (connector, sandbox):
        sandbox.world.add_campaign(ACCOUNT, "12", strategy="TARGET_ROAS")
        later = Stretch(SALE.start + timedelta(days=30), SALE.end + timedelta(days=30))
        others = (campaign(Lever.SEASONALITY, "12", SALE.part), replace(SEASON, part=later.part))
        await tell(connector, SEASON, "1.35")
        for ref in others:
            assert (await read(connector, ref)).value == 1
            await tell(connector, ref, "0.5")

        assert len(adjustments(sandbox)) == 3
        assert (await read(connector, SEASON)).value == Decimal("1.35")


async def test_a_persons_own_adjustment_is_neither_ours_nor_in_the_way() -> None:
    async with smart() as (connector, sandbox):
        sandbox.edit(SEASON, Decimal(2))
        sandbox.world.effects.clear()
        assert (await read(connector, SEASON)).value == 1
        await tell(connector, SEASON, "1.5")

        assert sorted(str(row["name"]) for row in adjustments(sandbox)) == [
            "By hand",
            f"Pacekeeper 11 {SALE.part}",
        ]


@pytest.mark.parametrize("factor", ["0.09", "10.01", "0", "-1", "NaN"])
async def test_a_factor_outside_of_its_range_is_refused(factor: str) -> None:
    async with smart() as (connector, sandbox):
        await refused(connector, sandbox, SEASON, factor)


async def test_where_google_would_ignore_it_it_is_refused_and_may_still_be_removed() -> None:
    async with speaking() as (connector, sandbox):
        told = await refused(connector, sandbox, SEASON, "1.2")
        assert "not under MANUAL_CPC" in told.detail
        for strategy in SMART:
            under(sandbox, strategy)
            await tell(connector, SEASON, "1.2")
            under(sandbox, "MANUAL_CPC")
            await tell(connector, SEASON, "1")
        assert adjustments(sandbox) == []


@pytest.mark.parametrize(
    "stretch",
    [
        Stretch(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC)),
        Stretch(SALE.start, SALE.start + timedelta(days=14, minutes=1)),
    ],
    ids=["over", "too long"],
)
async def test_what_google_refuses_of_times_is_refused_by_its_dry_run(stretch: Stretch) -> None:
    async with smart() as (connector, sandbox):
        told = await refused(connector, sandbox, replace(SEASON, part=stretch.part), "1.2")
        assert told.code.startswith("date_error/")


async def test_a_time_that_clocks_tell_twice_is_refused_with_what_to_do() -> None:
    """01:00 UTC is the second two o'clock of the night in which clocks go back in Berlin."""
    async with smart() as (connector, sandbox):
        day = max(
            each for each in range(25, 32) if datetime(YEAR, 10, each, tzinfo=UTC).weekday() == 6
        )
        twice = Stretch(
            datetime(YEAR, 10, day, 1, tzinfo=UTC), datetime(YEAR, 10, day, 9, tzinfo=UTC)
        )
        told = await refused(connector, sandbox, replace(SEASON, part=twice.part), "1.2")
        assert "told twice" in told.detail


@pytest.mark.parametrize(
    "part",
    ["", "sale", f"{SALE.part}/", SALE.part.replace("Z", ""), "/".join(SALE.part.split("/")[::-1])],
)
async def test_what_names_no_stretch_is_no_value(part: str) -> None:
    async with smart() as (connector, _):
        assert await connector.read_state([replace(SEASON, part=part)]) == {}
        assert stretch_of(part) is None


async def test_other_levers_are_read_beside_it() -> None:
    async with smart() as (connector, _):
        states = await connector.read_state([SEASON, BUDGET])
        assert {ref: state.value for ref, state in states.items()} == {SEASON: 1, BUDGET: 10}


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Open one whose bid is a factor of a sale to come, which is made by the first change."""
    async with google() as opened:
        assert isinstance(opened.platform, GoogleSandbox)
        under(opened.platform, "TARGET_CPA")
        yield replace(opened, bid=SEASON, values=(Decimal("7.34"), Decimal("8.07")))


# A person's edit on loopback is an adjustment of their own, which is no value of ours.
OF_BIDS = [
    law
    for law in laws(BENCHES["google"][1])
    if not any(word in law.name for word in ("budget", "history", "edited_meanwhile"))
]


@pytest.mark.parametrize("law", OF_BIDS, ids=str)
def test_an_adjustment_keeps_what_bids_keep(law: Law) -> None:
    asyncio.run(law(bench))
