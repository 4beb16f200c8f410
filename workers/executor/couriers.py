"""What acts on the platforms: the executor's companion, with one courier for each partition.

It reads what steps have committed and commits what platforms have said; in between it keeps
nothing that could be lost. Breakers are the process's, as partitions share accounts; of the limits
it has what its partitions are of all.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from time import monotonic, time
from typing import Final

import structlog

from workers.connectors.building import build
from workers.connectors.errors import Rejected
from workers.connectors.protocol import Connector
from workers.connectors.settings import AccountMode, Platforms
from workers.delivery.api import Step, Tenure, View
from workers.executor import pausing
from workers.executor.freezes import freeze_on
from workers.executor.live.breaker import Breakers
from workers.executor.live.courier import Courier, Desk
from workers.executor.live.fitted import Fitted
from workers.executor.live.limits import COLLECTING, Counts, Limits, Portion, limits_of
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome
from workers.executor.live.policy import Patience
from workers.executor.live.ports import NotOwner, Ports
from workers.executor.orders import OpenOrder, Orders
from workers.executor.platforms import not_named
from workers.executor.policy import ExecutorPolicy
from workers.executor.progress import orders_at, orders_in, touched
from workers.executor.sending import changes_of, order_of
from workers.executor.settling import settled_step
from workers.executor.tables import ACTIONS, clock_of, rule_of, said_about

LEASE: Final = 10.0
"""Seconds for which a partition is taken for ours after that was proven.

Who takes it over waits as much longer before concluding what became of calls made before.
"""

_log = structlog.get_logger("pacekeeper")


class LogClock:
    """Time as machine and log tell it: the later of the two, or where asked for the log's alone.

    Ticks of a simulated world tell another time than any machine.
    """

    def __init__(self, view: View, *, simulated: bool = False) -> None:
        self._view, self._simulated = view, simulated

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        told = clock_of(self._view) / 1000
        return told if self._simulated and told else max(told, time())

    async def sleep(self, seconds: float) -> None:
        """Return not before that time has passed."""
        await asyncio.sleep(seconds)


class Couriers:
    """All couriers of a process, the connectors that they ask, and what those may be asked."""

    def __init__(
        self, policy: ExecutorPolicy, platforms: Platforms, patience: Patience | None = None
    ) -> None:
        self._policy, self._platforms = policy, platforms
        self._patience = patience or Patience()
        self._connectors: dict[str, Connector] = {}
        self._fitted: dict[str, Fitted] = {}
        self._portion = Portion(of_all=0.0)
        self._counts = defaultdict[str, Counts](lambda: Counts(Limits(), self._portion))
        """By platform; also of those that were named when an order of them was opened."""
        self._breakers = Breakers()
        self._terms: dict[int, _Term] = {}

    async def prepare(self) -> None:
        """Build the connectors; see `workers.connectors.building.build` for what is refused."""
        for name, settings in self._platforms.items():
            connector = self._connectors[name] = build(name, settings)
            self._fitted[name] = Fitted(connector, monotonic)
            limits = limits_of(settings.limits, connector.capabilities)
            self._counts[name] = Counts(limits, self._portion)

    def took_over(self, tenure: Tenure) -> None:
        """Take up the partition's open orders."""
        clock = LogClock(tenure.view, simulated=self._policy.simulated_time)
        told = self._connectors.items()
        blind = frozenset(name for name, each in told if not each.capabilities.readable)
        term = _Term(self._policy, tenure, clock, blind)
        ports = Ports(
            platform=self._asked,
            clock=clock,
            ownership=term,
            freezes=term,
            effects=term,
        )
        self._terms[tenure.view.partition] = term
        self._share(tenure.view, clock)
        desk = Desk(ports=ports, counts=self._counts, breakers=self._breakers)
        term.start(Courier(desk, self._patience))

    def _asked(self, order: Order) -> Fitted:
        """Return whom to ask, where the settings still name the account: they may have changed."""
        named = self._platforms.get(order.platform)
        account = order.change.ref.account_id
        if named is None or account not in named.accounts:
            raise Rejected(not_named(order.platform, account))
        return self._fitted[order.platform]

    def committed(self, tenure: Tenure, agent: str, step: Step) -> None:
        """Hand over the orders that a step has opened."""
        if agent == ACTIONS:
            self._terms[tenure.view.partition].read(step.writes)

    async def let_go(self, tenure: Tenure) -> None:
        """End the partition's courier; its open orders are the next owner's."""
        term = self._terms.pop(tenure.view.partition)
        await term.end()
        self._share(tenure.view, term.clock)

    def _share(self, view: View, clock: LogClock) -> None:
        """Take of all limits what is owned of all partitions; over all executors that is one."""
        self._portion.of_all = (1 - COLLECTING) * len(self._terms) / view.partitions
        if self._portion.since is None:
            self._portion.since = clock.now()

    async def aclose(self) -> None:
        """Let go of all connections."""
        await asyncio.gather(*(each.aclose() for each in self._connectors.values()))


class _Term:
    """One partition while it is ours: ownership, freezes and effects for its courier."""

    def __init__(
        self, policy: ExecutorPolicy, tenure: Tenure, clock: LogClock, blind: Collection[str]
    ) -> None:
        self._policy, self._tenure, self.clock = policy, tenure, clock
        self._blind = blind
        """Platforms that cannot be read: what is expected there cannot be missed."""
        self._proven_until = 0.0
        self._open: dict[str, OpenOrder] = {}
        """By the id of what is to be set now."""
        self._courier: Courier | None = None
        self._running: asyncio.Task[None] | None = None

    def start(self, courier: Courier) -> None:
        """Take up what is open, then carry out whatever comes."""
        self._courier = courier
        table = self._tenure.view.table(ACTIONS)
        found = list(orders_in(table))
        under_way = [orders for _, orders in found if orders.under_way is not None]
        opened = sorted(map(self._noted, under_way), key=lambda order: order.released_at)
        changes = [change for campaign, orders in found for change in changes_of(campaign, orders)]
        courier.take_up(opened, changes=changes, lease=LEASE)
        self._running = asyncio.create_task(courier.run(), name="courier")
        self._running.add_done_callback(self._tell)

    def read(self, writes: Mapping[bytes, bytes | None]) -> None:
        """Hand over what has been opened."""
        assert self._courier is not None  # noqa: S101 -- took_over comes before committed
        table = self._tenure.view.table(ACTIONS)
        for campaign in sorted(touched(writes)):
            # What has ended has a row of its own, so a step may have written no more than that.
            orders = orders_at(table.get, campaign)
            if orders is not None and orders.under_way is not None:
                self._courier.hand_over(self._noted(orders))

    async def end(self) -> None:
        """Cancel what is under way; it stays open."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def _tell(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._tenure.fail(error)

    def _noted(self, orders: Orders) -> Order:
        assert orders.under_way is not None  # noqa: S101 -- only those are handed over
        order = order_of(orders.under_way)
        if self._policy.platforms.mode_of(orders.under_way.action) is AccountMode.SHADOW:
            # Also where the settings have said so only since it was opened.
            order = replace(order, shadow=True)
        if order.platform in self._blind:
            order = replace(order, expected=None)
        self._open[order.action_id] = orders.under_way
        return order

    # ------------------------------------------------------------ what the loop asks

    async def prove(self) -> None:
        """Renew the lease when half of it is over, however long Kafka takes to answer.

        Where the partition is lost, delivery ends this courier or the process.
        """
        while (asked := monotonic()) > self._proven_until - LEASE / 2:
            if await self._tenure.is_ours(LEASE / 8):
                self._proven_until = asked - LEASE / 8 + LEASE
            else:
                await asyncio.sleep(LEASE / 8)

    def may_act(self, order: Order) -> bool:
        """Return whether the lease still holds."""
        del order
        return monotonic() < self._proven_until

    def freeze_on(self, order: Order) -> str:
        """Return which freeze holds for the order's campaign now."""
        action = self._open[order.action_id].action
        said = said_about(self._tenure.view, action.key)
        now = int(self.clock.now() * 1000)
        return freeze_on(self._policy, self._tenure.view, said, action, now)

    def plan_changed(self, order: Order) -> str:
        """Return that another plan holds than bounded the order: what is put back keeps to none."""
        opened = self._open[order.action_id]
        rule = rule_of(self._tenure.view, opened.action.key)
        then, now = opened.plan_version, rule.version if rule else None
        if opened.undoing or now == then or pausing.is_free(opened.action):
            return ""
        return f"version {now or 'none'} of the plan holds now, not {then or 'none'}: decide anew"

    async def publish(self, order: Order, outcome: Outcome) -> None:
        """Commit what became of the order."""
        campaign = self._open[order.action_id].action.key

        def settle(view: View) -> Step:
            return settled_step(self._policy, view, campaign, outcome)

        if not await self._tenure.commit(ACTIONS, settle):
            raise NotOwner(order.action_id)
        del self._open[order.action_id]
        assert self._courier is not None  # noqa: S101 -- it has asked
        self._courier.noted(order.action_id)
        _log.info(
            "order_ended", order=order.action_id, result=outcome.result, reason=outcome.reason
        )
