"""Where LinkedIn keeps a budget, and campaigns that nothing can be set on any more."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.workers.connectors.linkedin_parts import (
    change_of,
    connected,
    linkedin,
    money,
    reference,
)
from workers.connectors.errors import Rejected
from workers.connectors.linkedin.values import ENDED
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Fault, Planned

GROUP = "urn:li:sponsoredCampaignGroup:3"


async def test_a_budget_that_lives_on_the_group_is_refused_with_its_place() -> None:
    ref = reference(Lever.DAILY_BUDGET, "8")
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.add_group("1", "3", dynamic=True, dailyBudget=money("500"))
        platform.store.add_campaign("1", "8", campaignGroup=GROUP)
        state = (await connector.read_state([ref]))[ref]
        assert (state.value, state.shared) == (Decimal(500), True)
        for refused in (connector.validate, connector.apply):
            with pytest.raises(Rejected, match="campaign group 3") as caught:
                await refused(change_of(ref, "60"), state)
            assert (caught.value.code, caught.value.field) == ("", "dailyBudget")
        assert not platform.effects


async def test_a_budget_of_the_campaigns_own_is_read_and_set_there_whatever_its_group() -> None:
    ref = reference(Lever.DAILY_BUDGET, "8")
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.add_group("1", "3", totalBudget=money("900"))
        platform.store.add_campaign("1", "8", campaignGroup=GROUP, dailyBudget=money("50"))
        state = (await connector.read_state([ref]))[ref]
        assert (state.value, state.shared) == (Decimal(50), False)
        await connector.apply(change_of(ref, "60"), state)
        assert platform.value(ref) == 60


@pytest.mark.parametrize("lever", [Lever.DAILY_BUDGET, Lever.BID, Lever.STATUS])
@pytest.mark.parametrize("status", sorted(ENDED))
async def test_a_campaign_that_has_ended_is_refused_by_its_state_before_the_wire(
    status: str, lever: Lever
) -> None:
    ref = reference(lever)
    async with linkedin() as platform, connected(platform) as connector:
        platform.store.campaigns["1", "7"]["status"] = status
        state = (await connector.read_state([ref]))[ref]
        assert not state.delivering
        platform.faults.plan(Planned(fault=Fault.HTML_502))
        for refused in (connector.validate, connector.apply):
            with pytest.raises(Rejected, match=f"campaign is {status}") as caught:
                await refused(change_of(ref, "1"), state)
            assert caught.value.field == "status"
        assert len(platform.faults) == 1
