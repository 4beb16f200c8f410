"""The platform as a model: it takes changes at once, late or never, and does not always say so."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from tests.workers.executor.live.simulation.history import START, Call, Fault, Reading
from tests.workers.executor.live.simulation.stepping import SteppingLoop
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.protocol import Change, Receipt, Ref, State

_ARRIVES, _ANSWERS, _GIVES_UP = 0.1, 0.2, 10.0

_REFUSALS: dict[Call, Callable[[], ConnectorError]] = {
    Call.THROTTLED: lambda: Throttled("too many"),
    Call.THROTTLED_WITH_HINT: lambda: Throttled("too many", retry_after=25.0),
    Call.CONFLICT: lambda: Conflict("somebody is at it"),
    Call.REJECTED: lambda: Rejected("no"),
    Call.NO_CREDENTIALS: lambda: AuthFailed("token has expired"),
}
_UNANSWERED = {Call.LOST, Call.DONE_AND_LOST, Call.DONE_LATE, Call.HANGS, Call.DONE_AND_HANGS}
_NOT_DONE = {*_REFUSALS, Call.LOST, Call.HANGS}


@dataclass(slots=True)
class Sent:
    """One call that could change something."""

    order: str
    entity: str
    worker: str
    stray: bool = False
    """Whether ownership was lost after the last check, before it went over the wire."""
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A value that came to be in force; ``by`` is an order, or nobody for a person."""

    at: float
    value: int
    by: Sent | None


class ModelPlatform:
    """All entities of one account, and all that was done to them."""

    def __init__(self, loop: SteppingLoop, chance: Random, faults: Sequence[Fault]) -> None:
        self._loop, self._chance = loop, chance
        self._faults = {(type(fault.what), fault.nth): fault for fault in faults}
        self._nth: Counter[type] = Counter()
        self.turns: dict[str, list[Turn]] = {}
        self.sent: list[Sent] = []
        self.log: list[str] = []

    def set(self, entity: str, value: int, by: Sent | None) -> None:
        """Put a value in force; nothing happens if it is already."""
        if self.value(entity) != value:
            self.turns.setdefault(entity, []).append(Turn(self._loop.time(), value, by))
            who = f"order {by.order} of {by.worker}" if by else "a person"
            self.note(f"{entity} is {value}, set by {who}{' (stray)' if by and by.stray else ''}")

    def value(self, entity: str, seconds_ago: float = 0.0) -> int:
        moment = self._loop.time() - seconds_ago
        values = [turn.value for turn in self.turns.get(entity, ()) if turn.at <= moment]
        return values[-1] if values else START

    def note(self, line: str) -> None:
        self.log.append(f"{self._loop.time():10.3f}  {line}")

    def fault(self, what: type) -> Fault | None:
        """Return what goes wrong this time."""
        self._nth[what] += 1
        return self._faults.get((what, self._nth[what]))

    async def lag(self) -> None:
        """Let anything else happen first."""
        await asyncio.sleep(self._chance.choice((0.0, 0.01, 0.05)))

    async def answer(self, sent: Sent, target: int) -> Receipt:
        """Take a call: what comes of it does not hang on whether who called still runs."""
        fault = self.fault(Call)
        what = fault.what if fault else None
        reply = self._loop.create_future()
        hangs = what in {Call.HANGS, Call.DONE_AND_HANGS}
        if what not in _NOT_DONE:
            late = fault.seconds if fault and what is Call.DONE_LATE else 0.0
            self._loop.call_in("", _ARRIVES + late, self.set, sent.entity, target, sent)
        self._loop.call_in("", _GIVES_UP if hangs else _ANSWERS, _finish, sent, reply)
        self.note(f"{sent.worker} sends {sent.order}{f': {what}' if what else ''}")
        await reply
        if isinstance(what, Call) and what in _REFUSALS:
            refusal = _REFUSALS[what]()
            raise refusal
        if what in _UNANSWERED:
            raise Ambiguous("no answer")
        return Receipt(sent=str(target))

    async def read(self, entity: str) -> int:
        fault = self.fault(Reading)
        await self.lag()
        if fault and fault.what is Reading.LOST:
            raise Ambiguous("no answer")
        if fault and fault.what is Reading.THROTTLED:
            raise Throttled("too many")
        value = self.value(entity, fault.seconds if fault else 0.0)
        await self.lag()
        return value


def _finish(sent: Sent, reply: asyncio.Future[None]) -> None:
    sent.answered = True
    if not reply.done():
        reply.set_result(None)


@dataclass(slots=True)
class ModelConnector:
    """One worker's way to the platform; ``check`` is told right before each change."""

    platform: ModelPlatform
    worker: str
    check: Callable[[str, Change], None]
    is_owner: Callable[[str], bool]

    async def fit(self, change: Change) -> Change:
        await self.platform.lag()
        return change

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        return {
            ref: State(value=Decimal(await self.platform.read(ref.entity_id)), currency="EUR")
            for ref in refs
        }

    async def validate(self, change: Change, state: State) -> None:
        del change, state
        await self.platform.lag()

    async def apply(self, change: Change, state: State) -> Receipt:
        del state
        self.check(self.worker, change)
        sent = Sent(change.key, change.ref.entity_id, self.worker)
        self.platform.sent.append(sent)
        # Who is paused here has made every check, and cannot be stopped any more.
        await self.platform.lag()
        sent.stray = not self.is_owner(self.worker)
        return await self.platform.answer(sent, int(change.target))
