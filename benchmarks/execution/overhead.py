"""CPU time that the executor takes for an action, on a platform that answers at once."""

from __future__ import annotations

from functools import partial
from random import Random
from time import process_time

from benchmarks.execution.platform import HOUR, Allowed, ModelPlatform
from benchmarks.execution.virtual_time import run
from benchmarks.execution.work import Work, order
from workers.connectors.errors import Throttled
from workers.executor.live.limits import Limits
from workers.executor.live.order import Kind, Order

ACTIONS = 2_000
ACCOUNTS = 100
_CHANGES_PER_HOUR = 4
_FAST = 1e9


def milliseconds(waiting: int) -> float:
    """Return the mean over actions that are carried out while ``waiting`` orders must not begin.

    A half of these are in accounts that the platform has asked to wait; the others are of ad sets
    that were changed as often as an hour allows, in the accounts that the actions are of. All
    actions are handed over at once, so that they wait for each other as well; where nobody is to
    wait, one after another.
    """

    async def measure() -> float:
        work = _work()
        now = work.desk.ports.clock.now()
        actions = [_order(number, now) for number in range(ACTIONS)]
        async with work.going_on():
            _let_wait(work, waiting, now)
            # What waits is put where it waits before.
            await work.carry([_order(ACTIONS, now)])
            began = process_time()
            for some in [actions] if waiting else [[one] for one in actions]:
                await work.carry(some)
            taken = process_time() - began
        if len(work.outcomes) != ACTIONS + 1:
            raise AssertionError("orders that were to wait have begun")
        return 1e3 * taken / ACTIONS

    return run(measure())


def _work() -> Work:
    allowed = Allowed(calls_per_second=_FAST, burst=1, changes_per_hour=ACTIONS)
    platform = ModelPlatform(allowed=allowed, chance=Random(7), faulty=0.0, slow=False)
    return Work(platform, Limits(calls_per_second=_FAST, changes_per_hour=_CHANGES_PER_HOUR))


def _order(number: int, now: float) -> Order:
    return order(str(number), number % ACCOUNTS, number, kind=Kind.RAISE, now=now)


def _let_wait(work: Work, waiting: int, now: float) -> None:
    kinds = list(Kind)
    for number in range(ACTIONS + 1, ACTIONS + 1 + waiting):
        kind, account, asked = kinds[number % len(kinds)], number % ACCOUNTS, number % 2 == 0
        waits = partial(
            order, account=account + ACCOUNTS * asked, ad_set=number, kind=kind, now=now
        )
        if asked:
            work.desk.heard(waits("asked"), Throttled("wait", retry_after=2 * HOUR))
        else:
            changes = range(_CHANGES_PER_HOUR)
            work.have_changed([waits(f"{number}/{change}") for change in changes], now)
        work.hand_over([waits(str(number))])
