"""The kit's laws, of LinkedIn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.workers.connectors.linkedin_parts import SECRETS, connected, linkedin, reference
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Fault

NOT_SAID = {Fault.THROTTLED, Fault.BUDGET_CHANGES, Fault.PARTIAL_FAILURE}
"""LinkedIn says not how long to wait, counts no changes of a budget, and does or fails one."""

FAULTS = [fault for fault in Fault if fault not in NOT_SAID]


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    budget, bid = reference(Lever.DAILY_BUDGET), reference(Lever.BID)
    async with linkedin() as platform, connected(platform) as connector:
        yield Bench(
            connector=connector,
            platform=platform,
            budget=budget,
            bid=bid,
            values=(Decimal("62.34"), Decimal("71.07")),
            unknown=replace(budget, entity_id="9"),
            missing=replace(budget, lever=Lever.TARGET_ROAS),
            secrets=SECRETS,
        )


@pytest.mark.parametrize("law", laws(FAULTS), ids=str)
def test_linkedin_keeps(law: Law) -> None:
    asyncio.run(law(bench))
