"""Hours of one campaign, optimizer and executor in turn, whose reports may fail to come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from schemas import AuditEntry, Plan, decode, encode, topics
from tests.workers.optimizer.test_adaptive import spent
from tests.workers.optimizer.world import KEY, World, hour
from tests.workers.stored import Stored
from workers.delivery.api import Output, store
from workers.executor.policy import ExecutorPolicy
from workers.executor.program import agents

HISTORY = 24
"""Hours that are known before the first one is played."""


@dataclass
class Loop:
    """A platform that keeps to the hourly budget that was set last, and has no other limit."""

    plan: Plan
    market: Callable[[int, float], float]
    """What an hour could spend at a multiplier."""
    told_in: Callable[[int], int | None]
    """In which hour the report of an hour comes, the next one at the earliest; none: never."""
    ticks: bool = True
    world: World = field(default_factory=World)
    cap: float = 10.0
    multiplier: float = 1.0
    spend: dict[int, float] = field(default_factory=dict)
    caps: list[float] = field(default_factory=list)
    multipliers: list[float] = field(default_factory=list)

    def run(self, hours: int) -> dict[int, float]:
        """Play hours after the history; return the spend of each day, the history's left out."""
        self._executor = {agent.name: agent for agent in agents(ExecutorPolicy())}
        self._other, self._offset = World(), 0
        record = self.world.stored(topics.PLANS, encode(self.plan), hour(0), key=KEY)
        self.world.feed("plans", [record])
        self._carry("plans", [record])
        self._flow(self.world.metrics(*(spent(n, 8) for n in range(HISTORY))).outputs)
        for number in range(HISTORY, HISTORY + hours):
            self._hour(number)
        cents: dict[int, int] = {}
        for number, amount in self.spend.items():
            cents[number // 24] = cents.get(number // 24, 0) + round(100 * amount)
        return {day: amount / 100 for day, amount in cents.items()}

    def _hour(self, number: int) -> None:
        self.caps.append(self.cap)
        self.multipliers.append(self.multiplier)
        amount = min(self.market(number, self.multiplier), self.cap)
        self.spend[number] = round(amount - 0.005, 2) if amount > 0.01 else 0.0
        due = [n for n in self.spend if self.told_in(n) == number + 1]
        at = hour(number + 1) + timedelta(minutes=5)
        if due:
            told = [spent(n, str(self.spend[n]), emitted_at=at) for n in due]
            self._flow(self.world.metrics(*told).outputs)
        if self.ticks:
            self._flow(self.world.tick(at + timedelta(minutes=7)).outputs)

    def _flow(self, outputs: Sequence[Output]) -> None:
        """Let the executor carry out the actions among ``outputs``, and all hear of it."""
        actions = [self._next(each) for each in outputs if each.topic.endswith("actions.v1")]
        said = [
            self._next(each)
            for each in (self._carry("actions", actions) if actions else [])
            if each.topic.endswith("audit.v1")
        ]
        for each in said:
            entry = decode(each.value or b"", AuditEntry)
            if entry.status == "simulated":
                bids = entry.field == "bid_multiplier"
                amount = entry.hourly_cap if bids else entry.after
                self.cap = self.cap if amount is None else float(amount)
                self.multiplier = float(entry.after or 1) if bids else self.multiplier
        self.world.feed("audit", said)

    def _next(self, output: Output) -> Stored:
        self._offset += 1
        return Stored(output.topic, self._offset, output.timestamp or 0, output.key, output.value)

    def _carry(self, name: str, records: list[Stored]) -> list[Output]:
        step = self._executor[name].step(self._other, records)
        table = self._other.tables.setdefault(name, {})
        store(table, step.writes)
        return list(step.outputs)
