"""The demo's campaigns on platforms on loopback, which an executor in mode live acts on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from schemas import Bid, Plan
from schemas.plan import Actuator, AdSet
from workers.demo.costs import Costs
from workers.demo.trail import OnPlatforms, Slot, Trail
from workers.sandbox.portfolio import portfolio_of
from workers.sandbox.ready_file import ReadyFile
from workers.sandbox.serving import Sandbox
from workers.simulator.population import World

_EASY: Final = 3.0
"""Times its cost per conversion that a campaign's target is: one that does not bind."""


@dataclass(slots=True, kw_only=True)
class Platforms:
    """Servers that hold the campaigns of a numbered world, and what is read of them at the end."""

    world: World
    directory: Path
    """Absolute; where the platforms file and the secrets go."""
    trail: Trail = field(init=False, default_factory=Trail)
    _sandbox: Sandbox = field(init=False)
    _file: ReadyFile = field(init=False)

    def __post_init__(self) -> None:
        self._sandbox = Sandbox(portfolio_of(self.world))
        self._file = ReadyFile(sandbox=self._sandbox, directory=self.directory)

    @property
    def file(self) -> Path:
        """Return where the platforms file is while they serve."""
        return self._file.path

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve for as long as the block lasts; the file is there from the beginning."""
        async with self._sandbox.serving():
            self._file.write()
            yield

    def plan(self, row: int, plan: Plan, costs: Costs) -> Plan:
        """Return a campaign's plan with what its platform sets: bids of whom, or which target."""
        placed = self._sandbox.portfolio[row]
        if placed.by_target:
            target = plan.target_cpa or costs.target(row, _EASY) or placed.target_cpa
            return replace(plan, actuator=Actuator.TARGET_CPA, target_cpa=target)
        ad_sets = (AdSet(ad_set_id=placed.ad_set_id),) if placed.ad_set_id else ()
        return replace(plan, bid=Bid(base=placed.bid), ad_sets=ad_sets)

    def outcome(self) -> OnPlatforms:
        """Compare each value with what the trail says of it, or with what it was at first."""
        said: dict[Slot, Decimal | None] = {
            Slot(each.key.platform, ref): value
            for each in self._sandbox.portfolio
            for ref, value in each.values
        }
        said |= self.trail.values
        found = {slot: self._value(slot) for slot in said}
        return OnPlatforms(
            changes={
                name: len(platform.effects) for name, platform in self._sandbox.platforms.items()
            },
            values=len(said),
            differences={
                f"{slot.platform} {slot.ref.lever} of {slot.ref.entity} {slot.ref.entity_id}": (
                    f"{found[slot]} there, {value} in the trail"
                )
                for slot, value in said.items()
                if found[slot] != value
            },
        )

    def _value(self, slot: Slot) -> Decimal | None:
        """Return what is in force; None where the platform has no such entity."""
        try:
            return self._sandbox.value(slot.platform, slot.ref)
        except KeyError:
            return None
