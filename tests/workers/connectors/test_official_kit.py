"""The kit's laws, of the connectors that use a platform's own client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.workers.connectors import google_parts
from tests.workers.connectors.meta_parts import CANARY, SECRET, meta, reference
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Fault

GOOGLE_FAULTS = [fault for fault in Fault if fault is not Fault.BUDGET_CHANGES]
"""Google Ads counts no changes of a budget by the hour."""

META_FAULTS = [fault for fault in Fault if fault not in {Fault.CONFLICT, Fault.PARTIAL_FAILURE}]
"""Meta does not say that somebody else changes the same thing, and fails or does one change."""


@asynccontextmanager
async def google_bench() -> AsyncIterator[Bench]:
    async with google_parts.speaking() as (connector, platform):
        yield Bench(
            connector=connector,
            platform=platform,
            budget=google_parts.BUDGET,
            bid=google_parts.BID,
            values=(Decimal("62.34"), Decimal("71.07")),
            unknown=replace(google_parts.BUDGET, entity_id="9"),
            missing=replace(google_parts.BUDGET, lever=Lever.COST_CAP),
            secrets=google_parts.SECRETS,
        )


@asynccontextmanager
async def meta_bench() -> AsyncIterator[Bench]:
    budget, bid = reference(Lever.DAILY_BUDGET), reference(Lever.BID)
    async with meta() as (platform, connector):
        yield Bench(
            connector=connector,
            platform=platform,
            budget=budget,
            bid=bid,
            values=(Decimal("62.34"), Decimal("71.07")),
            unknown=replace(budget, entity_id="9"),
            missing=replace(budget, lever=Lever.TARGET_CPA),
            secrets=(CANARY, SECRET),
        )


@pytest.mark.parametrize("law", laws(GOOGLE_FAULTS), ids=str)
def test_google_ads_keeps(law: Law) -> None:
    asyncio.run(law(google_bench))


@pytest.mark.parametrize("law", laws(META_FAULTS), ids=str)
def test_meta_keeps(law: Law) -> None:
    asyncio.run(law(meta_bench))
