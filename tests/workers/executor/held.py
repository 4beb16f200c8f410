"""A partition in memory while it is the couriers'."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.workers.executor.world import World
from workers.delivery.api import Step, View, store
from workers.executor.couriers import Couriers
from workers.executor.program import journal


@dataclass
class Held:
    """The partition while it is the couriers'."""

    view: World
    couriers: Couriers
    told: asyncio.Event = field(default_factory=asyncio.Event)
    errors: list[BaseException] = field(default_factory=list)

    async def is_ours(self, within: float) -> bool:
        return within > 0

    async def commit(self, agent: str, make: Callable[[View], Step]) -> bool:
        step = make(self.view)
        self.view.head, sealed = journal(self.view.policy).seal(self.view.head, step.outputs)
        for output in sealed:
            self.view.append(output)
        store(self.view.tables[agent], step.writes)
        self.couriers.committed(self, agent, step)
        self.told.set()
        return True

    def fail(self, error: BaseException) -> None:
        self.errors.append(error)
        self.told.set()
