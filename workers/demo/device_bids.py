"""Targets and usual bids for the demo: with them it can be said what a click is worth, and where.

Some devices' people buy more often than others', which no bid says until somebody sets it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas import Bid, Plan
from schemas.money import exponent_of
from workers.demo.costs import Costs
from workers.simulator.market import UNITS, mean_bids
from workers.simulator.population import World

ACCOUNT: Final = ("google", "730-114-2265")
"""Whose campaigns have targets: its platform takes multipliers by device."""

_TIMES: Final = 1.1
"""Times what a conversion cost in the history that it may cost: so that targets do not bind."""


@dataclass(frozen=True, slots=True)
class DeviceBids:
    """Which campaigns are advised on bids, and by which plans."""

    world: World
    costs: Costs

    def plan(self, row: int, plan: Plan) -> Plan:
        """Return a campaign's plan, of one in the account with a target and its usual bid."""
        target = self.costs.target(row, _TIMES)
        if self.world.campaigns[row].key[:2] != ACCOUNT or target is None:
            return plan
        step = Decimal(1).scaleb(-exponent_of(plan.currency))
        bid = Decimal(float(mean_bids(self.world.market)[row]) / UNITS).quantize(step)
        return replace(plan, target_cpa=target, bid=Bid(base=max(bid, step)))
