"""The world around couriers: orders, effects, ownership, workers that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.workers.executor.live.simulation.history import Edit, Fate, Fault, History, order_from
from tests.workers.executor.live.simulation.platform import ModelConnector, ModelPlatform
from tests.workers.executor.live.simulation.stepping import SteppingLoop
from workers.connectors.protocol import Change
from workers.executor.live.courier import Courier, Desk
from workers.executor.live.limits import Counts, Limits
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome
from workers.executor.live.policy import Patience
from workers.executor.live.ports import NotOwner, Ports

PATIENCE = Patience()
CHANGES_PER_HOUR = 2
_LIMITS = Limits(calls_per_second=5, burst=3, changes_per_hour=CHANGES_PER_HOUR)


class World:
    """One history while it happens.

    ``adapt`` and ``courier`` put something else in the place of ports and the courier.
    """

    def __init__(
        self,
        history: History,
        adapt: Callable[[Ports], Ports] = lambda ports: ports,
        courier: type[Courier] = Courier,
    ) -> None:
        self.history, self._adapt, self._courier = history, adapt, courier
        chance = Random(history.seed)
        self.loop = SteppingLoop(chance, self._on_step)  # type: ignore[abstract]
        self.platform = ModelPlatform(self.loop, chance, history.faults)
        self.orders = {str(one.number): order_from(one) for one in history.orders}
        self._delays = {str(one.number): one.noted for one in history.orders}
        self.effects: list[Outcome] = []
        self.broken: list[str] = []
        """Laws that were broken while it happened."""
        self._written: list[str] = []
        self._noted: set[str] = set()
        self._owner, self._workers = "", 0
        self._couriers: dict[str, Courier] = {}
        self._fates = [fault for fault in history.faults if isinstance(fault.what, Fate)]

    def run(self) -> World:
        """Let it happen, until nothing can happen any more."""
        for one in self.history.orders:
            self.loop.call_in("", one.at, self._written.append, str(one.number))
            for after in one.brought:
                self.loop.call_in("", one.at + after, self._bring, str(one.number))
        for edit in self.history.edits:
            self.loop.call_in("", edit.at, self._edit, edit)
        self._start()
        self.loop.run_until_idle()
        self.broken += self.loop.errors + self.loop.failures()
        return self._put_away()

    def _put_away(self) -> World:
        """Let killed workers end, so that nothing of them is left, and forget what they do."""
        platform = self.platform
        sent = [replace(one) for one in platform.sent]
        kept = platform.turns, sent, platform.log, self.effects, self.broken
        platform.turns = {entity: list(turns) for entity, turns in platform.turns.items()}
        platform.log = list(platform.log)
        self.effects, self.broken = list(self.effects), list(self.broken)
        self.loop.dispose()
        platform.turns, platform.sent, platform.log, self.effects, self.broken = kept
        return self

    def first_effects(self) -> dict[str, Outcome]:
        """Return what counts: of an order that has several effects, the first."""
        first: dict[str, Outcome] = {}
        for outcome in self.effects:
            first.setdefault(outcome.action_id, outcome)
        return first

    # ------------------------------------------------------------ workers

    def _start(self) -> None:
        """Let a new worker take over: nobody else can commit an effect from now on."""
        self._workers += 1
        worker = self._owner = f"w{self._workers}"
        self.platform.note(f"{worker} takes over")
        self.loop.spawn(worker, self._work(worker))

    async def _work(self, worker: str) -> None:
        ports = self._adapt(self._ports(worker))
        desk = Desk(ports=ports, counts={"model": Counts(_LIMITS)})
        courier = self._couriers[worker] = self._courier(desk, PATIENCE, per_account=2)
        done = self.first_effects()
        changes = [
            (self.orders[one.action_id], one.at) for one in done.values() if one.may_have_changed
        ]
        open_ones = [self.orders[one] for one in self._written if one not in done]
        courier.take_up(open_ones, settled=done.keys() - self._noted, changes=changes)
        await courier.run()

    def _ports(self, worker: str) -> Ports:
        connector = ModelConnector(self.platform, worker, self._check, self._is_owner)
        return Ports(
            platform=lambda _: connector,
            clock=_Clock(self.loop),
            ownership=_Owned(self, worker),
            freezes=_Frozen(self),
            effects=_Published(self, worker),
        )

    def _on_step(self, process: str, count: int) -> None:
        number = int(process[1:]) if process else 0
        if not 0 < number <= len(self._fates) or self._fates[number - 1].nth != count:
            return
        fault = self._fates[number - 1]
        self.platform.note(f"{process} is {fault.what}")
        self._meet(process, fault)
        self.loop.call_in("", fault.takeover, self._take_over, process)

    def _meet(self, worker: str, fault: Fault) -> None:
        if fault.what is Fate.KILLED:
            self.loop.kill(worker)
        elif fault.what is Fate.PAUSED:
            self.loop.pause(worker)
            self.loop.call_in("", fault.seconds, self._wake, worker)
        elif fault.what is Fate.CANCELLED:
            self.loop.cancel(worker)

    def _wake(self, worker: str) -> None:
        self.platform.note(f"{worker} wakes")
        self.loop.wake(worker)

    def _take_over(self, worker: str) -> None:
        if self._owner == worker:
            self._start()

    def _is_owner(self, worker: str) -> bool:
        return self._owner == worker

    # ------------------------------------------------------------ orders and effects

    def _bring(self, order: str) -> None:
        self.loop.call_in(self._owner, 0.0, self._hand_over, self._owner, order)

    def _hand_over(self, worker: str, order: str) -> None:
        """Bring an order after those of its entity: a partition's log is read in order."""
        entity = self.orders[order].target
        for one in self._written[: self._written.index(order) + 1]:
            still_open = worker in self._couriers and one not in self._noted
            if still_open and self.orders[one].target == entity:
                self._couriers[worker].hand_over(self.orders[one])

    def commit(self, worker: str, outcome: Outcome) -> None:
        """Take an effect, unless its worker is fenced."""
        if worker != self._owner:
            raise NotOwner(outcome.action_id)
        self.platform.note(f"{worker} says {outcome.action_id}: {outcome.result}, {outcome.reason}")
        self.effects.append(outcome)
        self.loop.call_in("", self._delays[outcome.action_id], self._note, outcome.action_id)

    def _note(self, order: str) -> None:
        self._noted.add(order)
        if self._owner in self._couriers:
            self.loop.call_in(self._owner, 0.0, self._couriers[self._owner].noted, order)

    # ------------------------------------------------------------ people, and the law at the check

    def _edit(self, edit: Edit) -> None:
        self.platform.set(edit.entity, edit.value, None)

    def freeze_on(self, entity: str) -> str:
        now = self.loop.time()
        holds = any(
            one.entity == entity and one.at <= now < one.at + one.seconds
            for one in self.history.freezes
        )
        return f"{entity} is frozen; unfreeze it first" if holds else ""

    def _check(self, worker: str, change: Change) -> None:
        """Note which laws a call breaks at the moment of its last check."""
        entity, now = change.ref.entity_id, self.loop.time()
        if not self._is_owner(worker):
            self.broken.append(f"{worker} calls for order {change.key} and does not own it")
        if now >= self.orders[change.key].expires_at:
            self.broken.append(f"{worker} calls for order {change.key}, which is over")
        if self.freeze_on(entity):
            self.broken.append(f"{worker} calls for order {change.key} of a frozen entity")
        for sent in self.platform.sent:
            if sent.entity == entity and not sent.answered and self._is_owner(sent.worker):
                self.broken.append(
                    f"{change.key} and {sent.order} of {entity} are under way at once"
                )


class _Clock:
    def __init__(self, loop: SteppingLoop) -> None:
        self._loop = loop

    def now(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class _Owned:
    def __init__(self, world: World, worker: str) -> None:
        self._world, self._worker = world, worker

    async def prove(self) -> None:
        await self._world.platform.lag()

    def may_act(self, order: Order) -> bool:
        del order
        return self._world._is_owner(self._worker)


class _Frozen:
    def __init__(self, world: World) -> None:
        self._world = world

    def freeze_on(self, order: Order) -> str:
        return self._world.freeze_on(order.change.ref.entity_id)

    def plan_changed(self, order: Order) -> str:
        del order
        return ""


class _Published:
    def __init__(self, world: World, worker: str) -> None:
        self._world, self._worker = world, worker

    async def publish(self, order: Order, outcome: Outcome) -> None:
        del order
        await self._world.platform.lag()
        self._world.commit(self._worker, outcome)
        await self._world.platform.lag()
