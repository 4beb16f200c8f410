"""Which plan each campaign of the demo has, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from schemas import Group, Plan, Recommendation, Strategy
from workers.demo.costs import Costs
from workers.demo.device_bids import DeviceBids
from workers.demo.lost_tracking import LostTracking
from workers.demo.proposals import Rebalanced, rebalanced
from workers.demo.shared_budget import SharedBudget
from workers.simulator.population import World
from workers.simulator.records import plan

if TYPE_CHECKING:
    from workers.demo.platforms import Platforms


@dataclass(frozen=True, slots=True, kw_only=True)
class Plans:
    """Puts the plans together from what is to be shown."""

    world: World
    costs: Costs
    """Of the history, once it has been played."""
    lost: LostTracking
    platforms: Platforms | None = None
    """What the campaigns are on; None where nothing but the market is."""

    def watching(self) -> list[Plan]:
        """Return the plans of the time before the campaigns are handed over."""
        return self._shared.watching()

    def groups(self) -> list[Group]:
        """Return the budget groups."""
        return [self._shared.group] if self._shared.group else []

    def handing_over(self) -> Iterator[Plan]:
        """Yield a plan for each campaign, by which its day budget may be spent unasked."""
        bids = DeviceBids(self.world, self.costs)
        for row, campaign in enumerate(self.world.campaigns):
            own = self.lost.plan(row, plan(campaign, Strategy.ADAPTIVE))
            own = bids.plan(row, own)
            if self.platforms is not None:
                own = self.platforms.plan(row, own, self.costs)
            yield self._shared.plan(row, own)

    def rebalanced(self, advice: Iterable[Recommendation]) -> Rebalanced | None:
        """Return how the group's budget is to be split anew, by what was advised."""
        budgets = [each.day_budget for each in self._shared.members]
        return rebalanced(self._shared.group, budgets, advice)

    @property
    def _shared(self) -> SharedBudget:
        return SharedBudget(self.world.campaigns)
