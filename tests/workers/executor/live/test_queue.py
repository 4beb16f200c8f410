"""Whatever happens, who goes next is who would if everybody who waits were asked."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.workers.executor.live.bench import Bench, order_of
from tests.workers.executor.live.naive_queue import NaiveQueue
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.protocol import Lever, Receipt
from workers.executor.live.breaker import BreakerPolicy, Breakers
from workers.executor.live.courier import Desk
from workers.executor.live.lanes import Entry
from workers.executor.live.limits import DAY, Counts, Limits
from workers.executor.live.order import Account, Kind, Order
from workers.executor.live.queue import Queue

ANSWERS = (
    None,
    Receipt(sent=""),
    Rejected("no"),
    Throttled("wait"),
    Throttled("wait", retry_after=40.0),
    Throttled("wait", retry_after=4000.0),
    Ambiguous("no answer"),
    AuthFailed("token has expired"),
)


@dataclass(slots=True)
class Hands:
    """A desk whose time is set by hand, and which two queues ask."""

    bench: Bench = field(default_factory=lambda: Bench(time=DAY - 5000.0))
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        limits = Limits(calls_per_day=12, changes_per_hour=1)
        self.desk = Desk(
            ports=self.bench.ports(),
            counts={"model": Counts(limits)},
            breakers=Breakers(BreakerPolicy(failures=2)),
        )

    def delay(self, order: Order) -> float:
        """Return after how many seconds an order may begin; one that is over ends at once."""
        wait = max(self.desk.opens(order.account), self.desk.due(order)) - self.bench.time
        return min(wait, order.expires_at - self.bench.time)


class Next(RuleBasedStateMachine):
    """Orders come and end, time passes, platforms answer; meanwhile the queues are compared."""

    def __init__(self) -> None:
        super().__init__()
        self.hands = Hands()
        self.naive, self.queue = NaiveQueue(2), Queue(2)
        self.under_way: list[Order] = []
        self.count = 0
        self.sleeps_until = 0.0
        """When a courier would ask again, if nothing happens that wakes it."""
        # Kept for as long as this is.
        self.watching = ExitStack()
        self.watching.enter_context(self.hands.desk.watched(self.opened))

    def opened(self, account: Account) -> None:
        self.queue.wake(account)
        self.sleeps_until = 0.0

    @rule(
        account=st.sampled_from("123"),
        entity=st.integers(0, 3),
        lever=st.sampled_from((Lever.DAILY_BUDGET, Lever.DAILY_BUDGET, Lever.BID)),
        kind=st.sampled_from(Kind),
        lasts=st.sampled_from((-1.0, 30.0, 500.0, 5000.0, 2 * DAY)),
    )
    def add(self, account: str, entity: int, lever: Lever, kind: Kind, lasts: float) -> None:
        self.count += 1
        order = replace(
            order_of(entity, account=account, lever=lever),
            action_id=str(self.count),
            kind=kind,
            released_at=float(self.count // 3),
            expires_at=self.hands.bench.time + lasts,
        )
        entry = Entry(order, None)
        self.naive.add(entry)
        self.queue.add(entry)
        self.sleeps_until = 0.0

    @rule()
    def take(self) -> None:
        bench, desk = self.hands.bench, self.hands.desk
        able, wait = self.naive.next(self.hands.delay)
        entry, sleep = self.queue.next(bench.time, desk.opens, desk.due)
        if entry is None:
            seconds = inf if sleep is None else sleep
            assert able == []
            assert 0 < seconds <= wait
            self.sleeps_until = bench.time + seconds
            return
        assert any(one is entry for one in able)
        self.naive.take(entry)
        desk.begin(entry.order)
        self.under_way.append(entry.order)

    @precondition(lambda self: self.under_way)
    @rule(at=st.integers(0, 9), changed=st.booleans())
    def done(self, at: int, changed: bool) -> None:  # noqa: FBT001 -- drawn
        order = self.under_way.pop(at % len(self.under_way))
        if changed:
            self.hands.desk.counts["model"].changed(order, self.hands.bench.time)
        self.hands.desk.end(order)
        self.naive.done(order)
        self.queue.done(order)
        self.sleeps_until = 0.0

    @rule(number=st.sampled_from("123"), said=st.sampled_from(ANSWERS))
    def hear(self, number: str, said: Receipt | ConnectorError | None) -> None:
        self.hands.desk.heard(order_of(account=number), said)

    @rule(number=st.sampled_from("123"))
    def call(self, number: str) -> None:
        counts = self.hands.desk.counts["model"]
        account, now = Account("model", number), self.hands.bench.time
        if counts.opens(account, now) <= now:
            counts.turn(account, now)

    @rule(seconds=st.sampled_from((0.5, 29.5, 60.0, 3601.0)))
    def pass_time(self, seconds: float) -> None:
        self.hands.bench.time += seconds

    @precondition(lambda self: self.hands.bench.time < self.sleeps_until < inf)
    @rule()
    def sleep(self) -> None:
        self.hands.bench.time = self.sleeps_until

    @invariant()
    def nobody_who_may_go_is_slept_past(self) -> None:
        if self.hands.bench.time < self.sleeps_until:
            assert self.naive.next(self.hands.delay)[0] == []


TestNext = Next.TestCase
TestNext.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)


def test_an_account_that_is_shut_is_looked_at_without_its_orders() -> None:
    queue, asked = Queue(4), list[Order]()
    orders = [replace(order_of(number), expires_at=900.0 + number) for number in range(50)]
    for order in orders:
        queue.add(Entry(order, None))

    def due(order: Order) -> float:
        asked.append(order)
        return 0.0

    def shut(_: Account) -> float:
        return inf

    assert queue.next(0.0, shut, due) == (None, 900.0)
    taken, _ = queue.next(900.0, shut, due)
    assert taken is not None
    assert taken.order is orders[0]
    assert asked == []
