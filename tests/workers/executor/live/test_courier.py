"""The courier: who is carried when, and what is left when it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from math import isinf

import pytest

from tests.workers.executor.live.bench import Bench, order_of
from workers.connectors.errors import Ambiguous, AuthFailed, Throttled
from workers.connectors.protocol import Change, Receipt, Ref, State
from workers.executor.live.courier import Courier, Desk
from workers.executor.live.limits import Counts, Limits
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result
from workers.executor.live.policy import Patience


@dataclass(slots=True)
class Faithful(Bench):
    """A platform that does what it is told, one turn of the loop later."""

    values: dict[str, Decimal] = field(default_factory=dict)
    locked_out: str = ""
    under_way: dict[str, int] = field(default_factory=dict)
    most: int = 0

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        ref = refs[0]
        await asyncio.sleep(0)
        if ref.account_id == self.locked_out:
            raise AuthFailed("token has expired")
        return {ref: State(value=self.values.get(ref.entity_id, Decimal(100)), currency="EUR")}

    async def apply(self, change: Change, state: State) -> Receipt:
        del state
        account = change.ref.account_id
        self.under_way[account] = self.under_way.get(account, 0) + 1
        self.most = max(self.most, self.under_way[account])
        await asyncio.sleep(0)
        self.under_way[account] -= 1
        self.values[change.ref.entity_id] = change.target
        self.log.append(f"{change.ref.entity_id}={change.target}")
        return Receipt(sent=str(change.target))

    def ended(self) -> dict[str, Result]:
        return {outcome.action_id: outcome.result for outcome in self.outcomes}


def _desk(bench: Faithful) -> Desk:
    return Desk(ports=bench.ports(), counts={"model": Counts(Limits(calls_per_second=1e6))})


def _courier(bench: Faithful, *, per_account: int = 2) -> Courier:
    return Courier(_desk(bench), Patience(), per_account=per_account)


async def _carry(courier: Courier, bench: Faithful, count: int) -> None:
    """Let it run until there are ``count`` outcomes."""
    running = asyncio.create_task(courier.run())
    async with asyncio.timeout(20):
        while len(bench.outcomes) < count and not running.done():  # noqa: ASYNC110 -- a port tells
            await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


def _of_entity(number: int, target: int, expected: int) -> Order:
    """Return an order for the entity of order 0."""
    return replace(
        order_of(number),
        expected=Decimal(expected),
        change=replace(order_of(0).change, target=Decimal(target), key=str(number)),
    )


async def test_orders_of_an_entity_are_carried_out_in_order() -> None:
    bench = Faithful()
    courier = _courier(bench)
    for number, (before, after) in enumerate([(100, 120), (120, 90), (90, 95)]):
        courier.hand_over(_of_entity(number, after, before))

    await _carry(courier, bench, 3)

    sent = [line for line in bench.log if "=" in line]
    assert sent == ["c0=120", "c0=90", "c0=95"]
    assert set(bench.ended().values()) == {Result.APPLIED}


async def test_an_account_has_few_under_way_and_others_do_not_wait_for_it() -> None:
    bench = Faithful()
    courier = _courier(bench, per_account=3)
    for number in range(60):
        courier.hand_over(order_of(number, account=str(number % 3)))

    await _carry(courier, bench, 60)

    assert bench.most == 3
    assert set(bench.ended().values()) == {Result.APPLIED}


async def test_what_is_handed_over_twice_is_carried_out_once() -> None:
    bench = Faithful()
    courier = _courier(bench)
    courier.take_up([order_of(0)], settled=["1"])
    for number in (0, 1, 2):
        courier.hand_over(order_of(number))
        courier.hand_over(order_of(number))

    await _carry(courier, bench, 2)

    # That of order 1 is committed already.
    assert bench.ended() == {"0": Result.APPLIED, "2": Result.APPLIED}


async def test_credentials_that_fail_stop_one_account() -> None:
    bench = Faithful(locked_out="1")
    courier = _courier(bench, per_account=1)
    for number in range(4):
        courier.hand_over(order_of(number, account="1"))
        courier.hand_over(order_of(number + 10, account="2"))

    await _carry(courier, bench, 5)

    ended = bench.ended()
    assert ended.pop("0") is Result.AUTH_FAILED
    # The other orders of the account wait until it is tried again.
    assert ended == dict.fromkeys(["10", "11", "12", "13"], Result.APPLIED)


def _left_alone(desk: Desk, bench: Faithful) -> None:
    """Let account 1 have no answers, and its rest be over."""
    for _ in range(desk.breakers.policy.failures):
        desk.heard(order_of(0), Ambiguous("no answer"))
    bench.time += desk.breakers.policy.rest


async def test_who_waits_while_an_order_of_another_courier_tries_the_account_goes_after_it() -> (
    None
):
    bench = Faithful()
    desk = _desk(bench)
    first, second = Courier(desk, Patience()), Courier(desk, Patience())
    _left_alone(desk, bench)
    first.hand_over(order_of(1))
    second.hand_over(order_of(2))
    running = [asyncio.create_task(courier.run()) for courier in (first, second)]

    async with asyncio.timeout(20):
        while len(bench.outcomes) < 2:  # noqa: ASYNC110 -- a port tells
            await asyncio.sleep(0)

    for one in running:
        one.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert set(bench.ended().values()) == {Result.APPLIED}


async def test_a_courier_that_is_cancelled_as_its_order_begins_leaves_the_account_to_others() -> (
    None
):
    bench = Faithful()
    desk = _desk(bench)
    courier = Courier(desk, Patience())
    _left_alone(desk, bench)
    courier.hand_over(order_of(1))
    running = asyncio.create_task(courier.run())
    # One step: the order's task is made, and has not run.
    await asyncio.sleep(0)
    assert isinf(desk.opens(order_of(1).account))

    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert bench.outcomes == []
    assert desk.opens(order_of(1).account) <= bench.time + desk.breakers.policy.rest


async def test_a_call_that_stands_in_line_when_the_platform_asks_to_wait_waits_for_that() -> None:
    class Throttling(Faithful):
        async def sleep(self, seconds: float) -> None:
            if not self.log:
                desk.heard(order_of(9), Throttled("wait", retry_after=30.0))
            self.log.append(f"sleep {seconds:g}")
            await super().sleep(seconds)

    bench = Throttling()
    counts = Counts(Limits(calls_per_second=0.5, burst=1))
    desk = Desk(ports=bench.ports(), counts={"model": counts})
    await desk.turn(order_of(0))

    await desk.turn(order_of(1))

    assert bench.log == ["sleep 2", "sleep 28"]


async def test_orders_that_expire_while_an_account_is_left_alone_do_not_prolong_its_rest() -> None:
    bench = Faithful()
    desk = _desk(bench)
    courier = Courier(desk, Patience())
    desk.heard(order_of(0), AuthFailed("token has expired"))
    opens = desk.opens(order_of(0).account)
    bench.time = opens - 1
    for number in range(3):
        courier.hand_over(replace(order_of(number), expires_at=bench.time))

    await _carry(courier, bench, 3)

    assert set(bench.ended().values()) == {Result.EXPIRED}
    assert desk.opens(order_of(0).account) == opens


async def test_a_courier_that_cannot_tell_an_effect_ends_by_its_error() -> None:
    class Mute(Faithful):
        async def publish(self, order: Order, outcome: Outcome) -> None:
            del order, outcome
            raise OSError("no broker")

    bench = Mute()
    courier = _courier(bench)
    courier.hand_over(order_of(0))

    with pytest.raises(ExceptionGroup) as ended:
        await asyncio.wait_for(courier.run(), 20)
    assert ended.group_contains(OSError, match="no broker")
