"""Two couriers of one process, the orders that they carry out, and what became of each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from zlib import crc32

from benchmarks.execution.platform import ModelPlatform
from benchmarks.execution.virtual_time import LoopClock
from schemas.fields import Entity
from workers.connectors.protocol import Change, Lever, Ref
from workers.executor.live.courier import Courier, Desk
from workers.executor.live.limits import Counts, Limits
from workers.executor.live.order import Kind, Order
from workers.executor.live.outcome import Outcome
from workers.executor.live.policy import Patience
from workers.executor.live.ports import Ports

PLATFORM = "model"


class _Permissive:
    """Owns every order, and has frozen nothing."""

    def may_act(self, order: Order) -> bool:
        del order
        return True

    async def prove(self) -> None:
        """Do nothing: it is always ours."""

    def freeze_on(self, order: Order) -> str:
        del order
        return ""

    def plan_changed(self, order: Order) -> str:
        del order
        return ""


@dataclass(slots=True)
class Work:
    """Couriers at work on a platform; each has the orders of every second ad set."""

    platform: ModelPlatform
    limits: Limits
    outcomes: dict[str, list[Outcome]] = field(default_factory=lambda: defaultdict(list))
    desk: Desk = field(init=False)
    _couriers: tuple[Courier, Courier] = field(init=False)
    _left: int = 0
    _all_ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        people = _Permissive()
        ports = Ports(
            platform=lambda _: self.platform,
            clock=LoopClock(),
            ownership=people,
            freezes=people,
            effects=self,
        )
        self.desk = Desk(ports=ports, counts={PLATFORM: Counts(self.limits)})
        self._couriers = Courier(self.desk, Patience()), Courier(self.desk, Patience())

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Let the couriers work; raise what one of them ends by."""
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(courier.run()) for courier in self._couriers]
            yield
            for one in running:
                one.cancel()

    def hand_over(self, orders: Iterable[Order]) -> None:
        """Let them have orders, and not wait for what comes of them."""
        for order in orders:
            self._of(order).hand_over(order)

    def have_changed(self, orders: Iterable[Order], at: float) -> None:
        """Let entities have been changed by orders that have ended."""
        for order in orders:
            self._of(order).take_up([], settled=[order.action_id], changes=[(order, at)])

    async def carry(self, orders: Sequence[Order]) -> None:
        """Hand orders over and return when as many have ended."""
        self._left = len(orders)
        self._all_ended.clear()
        self.hand_over(orders)
        await self._all_ended.wait()

    async def publish(self, order: Order, outcome: Outcome) -> None:
        """Keep an outcome; it reaches the tables at once."""
        self.outcomes[order.action_id].append(outcome)
        self._of(order).noted(order.action_id)
        self._left -= 1
        if self._left == 0:
            self._all_ended.set()

    def _of(self, order: Order) -> Courier:
        return self._couriers[int(order.change.ref.entity_id) % 2]


def order(action_id: str, account: int, ad_set: int, *, kind: Kind, now: float) -> Order:
    """Return an order for six hours that sets a value of its own, whatever is in force."""
    ref = Ref(
        account_id=str(account),
        entity=Entity.AD_SET,
        entity_id=str(ad_set),
        lever=Lever.DAILY_BUDGET,
    )
    target = Decimal(101 + crc32(action_id.encode()))
    return Order(
        action_id=action_id,
        platform=PLATFORM,
        change=Change(ref=ref, target=target, currency="EUR", key=action_id),
        expected=None,
        kind=kind,
        released_at=now,
        expires_at=now + 6 * 3600,
    )
