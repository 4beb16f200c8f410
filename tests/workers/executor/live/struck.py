"""What may go wrong with one change of one value, and what is known of it once it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from schemas.audit import AuditEntry
from workers.connectors.kit import Bench
from workers.connectors.protocol import Account, Change, Connector, Receipt, Ref, State
from workers.delivery.api import View
from workers.executor import couriers
from workers.sandbox.faults import Planned
from workers.sandbox.platform import Effect


class Moment(StrEnum):
    """How far a change has come, by what the connector is asked."""

    ACCOUNT = "describe_account"
    READING = "read_state"
    DRY_RUN = "validate"
    CALL = "apply"
    BACK = "read back"
    """After the platform has said that the change is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What goes wrong with a change."""

    faults: Mapping[Moment, tuple[Planned, ...]] = field(default_factory=dict)
    """Those that wait from a moment on, when that comes for the first time."""
    beside: Callable[[Bench], Awaitable[None]] | None = None
    """What happens while the first call is under way."""
    ref: Ref | None = None
    """Another value to change."""
    target: Decimal | None = None
    currency: str = "EUR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What is known of a change that has ended: what the platform has, and what the trail says."""

    ref: Ref
    target: Decimal
    before: Decimal | None
    value: Decimal | None
    """In force on the platform, whatever reads are told."""
    effects: tuple[Effect, ...]
    calls: int
    """How often the connector was asked to make the change."""
    entries: tuple[AuditEntry, ...]
    is_intact: bool
    """Whether the trail verifies from its first entry on."""
    errors: tuple[BaseException, ...]
    believed: Decimal | None
    """What the executor's table has as in force on the platform."""

    @property
    def end(self) -> AuditEntry:
        """Return the entry that tells how it ended."""
        return self.entries[-1]


class PassingClock(couriers.LogClock):
    """The log's time, and what was waited since, which takes none of the machine's."""

    def __init__(self, view: View, *, simulated: bool = False) -> None:
        super().__init__(view, simulated=simulated)
        self._waited = 0.0

    def now(self) -> float:
        return super().now() + self._waited

    async def sleep(self, seconds: float) -> None:
        self._waited += seconds
        await asyncio.sleep(0)


@dataclass
class Watched:
    """A connector whose calls are counted, and in which faults wait from their moments on."""

    connector: Connector
    bench: Bench
    trouble: Trouble
    calls: int = 0
    _come: set[Moment] = field(default_factory=set)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the connector has
        return getattr(self.connector, name)

    async def describe_account(self, account_id: str) -> Account:
        self._comes(Moment.ACCOUNT)
        return await self.connector.describe_account(account_id)

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        self._comes(Moment.READING)
        return await self.connector.read_state(refs)

    async def validate(self, change: Change, state: State) -> None:
        self._comes(Moment.DRY_RUN)
        await self.connector.validate(change, state)

    async def apply(self, change: Change, state: State) -> Receipt:
        self._comes(Moment.CALL)
        self.calls += 1
        beside = [self.trouble.beside] if self.trouble.beside and self.calls == 1 else []
        happening = [asyncio.ensure_future(each(self.bench)) for each in beside]
        try:
            receipt = await self.connector.apply(change, state)
        finally:
            await asyncio.gather(*happening)
        self._comes(Moment.BACK)
        return receipt

    def _comes(self, moment: Moment) -> None:
        if moment not in self._come:
            self._come.add(moment)
            for planned in self.trouble.faults.get(moment, ()):
                self.bench.platform.faults.plan(planned)
