"""Six ways to break the loop, each of which the laws have to notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from tests.workers.executor.live.simulation.history import History
from tests.workers.executor.live.simulation.world import World
from workers.connectors.protocol import Change, Receipt, Ref, State
from workers.executor.live.courier import Courier
from workers.executor.live.lanes import Entry
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result
from workers.executor.live.ports import Platform, Ports
from workers.executor.live.queue import Queue


class Mutant(NamedTuple):
    """A way to break the loop, and a word of each law that it may break."""

    run: Callable[[History], World]
    breaks: tuple[str, ...]


def _with(adapt: Callable[[Ports], Ports]) -> Callable[[History], World]:
    return lambda history: World(history, adapt).run()


def _of(courier: type[Courier]) -> Callable[[History], World]:
    return lambda history: World(history, courier=courier).run()


class _Owner:
    async def prove(self) -> None: ...

    def may_act(self, order: Order) -> bool:
        del order
        return True


class _NeverFrozen:
    def freeze_on(self, order: Order) -> str:
        del order
        return ""

    def plan_changed(self, order: Order) -> str:
        del order
        return ""


@dataclass(slots=True)
class _Reads:
    """Answers readings by other means, until something was sent or for good."""

    inner: Platform
    order: Order
    once: bool
    seen: State | None = None

    async def fit(self, change: Change) -> Change:
        return await self.inner.fit(change)

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        if self.seen is None and not self.once:
            self.seen = State(value=self.order.expected or Decimal(0), currency="EUR")
        if self.seen is None:
            self.seen = (await self.inner.read_state(refs))[refs[0]]
        return {refs[0]: self.seen}

    async def validate(self, change: Change, state: State) -> None:
        await self.inner.validate(change, state)

    async def apply(self, change: Change, state: State) -> Receipt:
        receipt = await self.inner.apply(change, state)
        # What is accepted is read back as it should: only what is unclear is not.
        self.seen = State(value=change.target, currency="EUR")
        return receipt


def _reading(*, once: bool) -> Callable[[Ports], Ports]:
    def adapt(ports: Ports) -> Ports:
        return replace(ports, platform=lambda order: _Reads(ports.platform(order), order, once))

    return adapt


class _NoLock(Courier):
    """Begins orders of an entity while another one is under way."""

    def __init__(self, *args: object, **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        self._queue = _Unlocked(2)


class _Unlocked(Queue):
    def _take(self, entry: Entry) -> Entry:
        taken = super()._take(entry)
        self.done(entry.order)
        return taken


class _Forgetful(Courier):
    """Takes a cancelled order for one that was not made."""

    async def _settle(self, entry: Entry) -> None:
        try:
            await super()._settle(entry)
        except asyncio.CancelledError:
            end = Outcome(
                action_id=entry.order.action_id,
                result=Result.FAILED,
                at=self._ports.clock.now(),
                reason="cancelled",
                text="",
            )
            await self._ports.effects.publish(entry.order, end)
            raise


MUTANTS = {
    "no reading before sending": Mutant(_with(_reading(once=False)), ("twice", "became", "never")),
    "no check of ownership": Mutant(
        _with(lambda ports: replace(ports, ownership=_Owner())), ("does not own",)
    ),
    "no reading after a lost answer": Mutant(
        _with(_reading(once=True)), ("twice", "became", "told as")
    ),
    "no lock of the entity": Mutant(_of(_NoLock), ("at once",)),
    "orders forgotten when cancelled": Mutant(_of(_Forgetful), ("outcomes", "told as failed")),
    "freezes ignored": Mutant(
        _with(lambda ports: replace(ports, freezes=_NeverFrozen())), ("frozen entity",)
    ),
}
