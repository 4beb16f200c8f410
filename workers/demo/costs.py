"""What conversions cost in the demo's history: targets are set by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal

import numpy as np

from schemas.money import exponent_of
from workers.simulator.clearing import Outcome
from workers.simulator.population import Campaign
from workers.simulator.records import amount
from workers.simulator.shapes import Integers


@dataclass(slots=True)
class Costs:
    """Adds up the spend and the conversions of campaigns, hour by hour."""

    campaigns: Sequence[Campaign]
    _spend: Integers = field(init=False)
    _conversions: Integers = field(init=False)

    def __post_init__(self) -> None:
        self._spend = np.zeros(len(self.campaigns), np.int64)
        self._conversions = np.zeros(len(self.campaigns), np.int64)

    def add(self, outcome: Outcome) -> None:
        """Take in an hour; of its conversions all that there will ever be."""
        self._spend += outcome.spend
        self._conversions += outcome.conversions[:, -1]

    def target(self, row: int, times: float) -> Decimal | None:
        """Return ``times`` what a campaign's conversion cost, rounded up to the minor unit.

        None where it has had no conversion.
        """
        if not self._conversions[row]:
            return None
        cost = amount(int(self._spend[row])) / int(self._conversions[row])
        step = Decimal(1).scaleb(-exponent_of(self.campaigns[row].currency))
        return (Decimal(str(times)) * cost).quantize(step, ROUND_UP)
