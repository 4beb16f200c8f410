"""What tests of the live loop share: orders, and ports whose time passes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from schemas.fields import Entity
from workers.connectors.errors import ConnectorError
from workers.connectors.protocol import Change, Lever, Receipt, Ref, State
from workers.executor.live.order import Order, kind_of
from workers.executor.live.outcome import Outcome
from workers.executor.live.ports import Ports


def order_of(
    number: int = 0,
    target: int = 120,
    expected: int | None = 100,
    *,
    account: str = "1",
    lever: Lever = Lever.DAILY_BUDGET,
) -> Order:
    """Return an order for an entity of its own, valid for a thousand seconds."""
    ref = Ref(account_id=account, entity=Entity.CAMPAIGN, entity_id=f"c{number}", lever=lever)
    change = Change(ref=ref, target=Decimal(target), currency="EUR", key=str(number))
    believed = None if expected is None else Decimal(expected)
    return Order(
        action_id=str(number),
        platform="model",
        change=change,
        expected=believed,
        kind=kind_of(change, believed),
        released_at=float(number),
        expires_at=1000.0,
    )


@dataclass(slots=True)
class Bench:
    """All ports at once. ``reads`` and ``calls`` are told in turn, the last one for good.

    A reading is a value, a state, None for no such entity, or an error. A call is an error, or
    None: then it is made and told so.
    """

    reads: list[State | Decimal | int | Exception | None] = field(default_factory=lambda: [100])
    calls: list[Exception | None] = field(default_factory=lambda: [None])
    time: float = 0.0
    frozen: str = ""
    changed: str = ""
    owner: bool = True
    said: list[object] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def ports(self) -> Ports:
        return Ports(
            platform=lambda _: self, clock=self, ownership=self, freezes=self, effects=self
        )

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.log.append(f"sleep {seconds:g}")
        self.time += seconds

    def may_act(self, order: Order) -> bool:
        del order
        return self.owner

    def freeze_on(self, order: Order) -> str:
        del order
        return self.frozen

    def plan_changed(self, order: Order) -> str:
        del order
        return self.changed

    async def publish(self, order: Order, outcome: Outcome) -> None:
        del order
        self.outcomes.append(outcome)

    async def turn(self, order: Order) -> None:
        del order

    def heard(self, order: Order, said: Receipt | ConnectorError | None) -> None:
        del order
        self.said.append(said)

    async def prove(self) -> None: ...

    async def fit(self, change: Change) -> Change:
        return change

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        self.log.append("read")
        found = self.reads.pop(0) if len(self.reads) > 1 else self.reads[0]
        if isinstance(found, Exception):
            raise found
        if found is None:
            return {}
        state = found if isinstance(found, State) else State(value=Decimal(found), currency="EUR")
        return {refs[0]: state}

    async def validate(self, change: Change, state: State) -> None:
        del change, state
        self.log.append("validate")

    async def apply(self, change: Change, state: State) -> Receipt:
        del state
        self.log.append("apply")
        error = self.calls.pop(0) if len(self.calls) > 1 else self.calls[0]
        if error is not None:
            raise error
        return Receipt(sent=f"{change.target}00", request_id="r1")
