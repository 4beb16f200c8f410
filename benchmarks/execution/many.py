"""Ten thousand actions over five hundred accounts, some of whose calls fail."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections import Counter, defaultdict
from dataclasses import dataclass
from random import Random
from statistics import mean

from benchmarks.execution.platform import HOUR, Allowed, ModelPlatform
from benchmarks.execution.virtual_time import run
from benchmarks.execution.work import Work, order
from workers.executor.live.limits import Limits
from workers.executor.live.order import Kind, Order
from workers.executor.live.outcome import Result

_AD_SETS, _AD_SETS_OF_CROWDED = 5, 2
ALLOWED = Allowed(calls_per_second=0.2, burst=5, changes_per_hour=4)
LIMITS = Limits(
    calls_per_second=ALLOWED.calls_per_second,
    burst=ALLOWED.burst,
    changes_per_hour=ALLOWED.changes_per_hour,
)
FAULTY = 0.05
_CALLS, _CALLS_OF_REJECTED = 4, 3
"""Read, check, make, read again; the least that an action can take."""
_IN_FORCE = {Result.APPLIED, Result.CONFIRMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many actions, and over how many accounts."""

    actions: int = 10_000
    accounts: int = 500
    crowded: int = 50
    """Accounts that have their actions on two ad sets: more than four an hour for each."""

    def orders(self, batch: int, now: float) -> list[Order]:
        """Return the actions, in turn for each account and each of its ad sets."""
        chance, kinds = Random(batch), list(Kind)
        made = []
        for number in range(self.actions):
            nth, account = divmod(number, self.accounts)
            ad_sets = _AD_SETS if account >= self.crowded else _AD_SETS_OF_CROWDED
            ad_set = account * _AD_SETS + nth % ad_sets
            kind = chance.choice(kinds)
            made.append(order(f"{batch}.{number}", account, ad_set, kind=kind, now=now))
        return made


@dataclass(frozen=True, slots=True)
class Played:
    """What was ordered from second 0 on, and all that came of it."""

    orders: list[Order]
    work: Work

    def unended(self) -> int:
        """Return how many actions have not exactly one outcome."""
        return sum(len(self.work.outcomes[one.action_id]) != 1 for one in self.orders)

    def lost(self) -> int:
        """Return of how many the outcome says what is not so, or that nobody knows."""
        count = 0
        for one in self.orders:
            told = {outcome.result for outcome in self.work.outcomes[one.action_id]}
            done = bool(self.work.platform.effects.get(one.action_id))
            count += bool(told - _IN_FORCE if done else told & {*_IN_FORCE, Result.UNVERIFIED})
        return count

    def doubled(self) -> int:
        """Return how many have taken effect more than once."""
        return sum(len(moments) > 1 for moments in self.work.platform.effects.values())

    def share(self) -> float:
        """Return how fast it was, of what the limits allow; the mean over accounts."""
        return mean(self.shares())

    def shares(self) -> list[float]:
        """Return the time that each account's limits demand, over the time that was taken."""
        ended: dict[str, float] = defaultdict(float)
        calls: Counter[str] = Counter()
        changes: Counter[tuple[str, str]] = Counter()
        for one in self.orders:
            ref, rejected = one.change.ref, one.action_id in self.work.platform.rejected
            ended[ref.account_id] = max(
                ended[ref.account_id], *(o.at for o in self.work.outcomes[one.action_id])
            )
            calls[ref.account_id] += _CALLS_OF_REJECTED if rejected else _CALLS
            changes[ref.account_id, ref.entity_id] += not rejected
        demanded = {
            account: (count - ALLOWED.burst) / ALLOWED.calls_per_second
            for account, count in calls.items()
        }
        for (account, _), count in changes.items():
            hours = (count - 1) // ALLOWED.changes_per_hour
            demanded[account] = max(demanded[account], hours * HOUR)
        return [demanded[account] / at for account, at in ended.items()]


def _work(seed: int, limits: Limits) -> Work:
    platform = ModelPlatform(allowed=ALLOWED, chance=Random(seed), faulty=FAULTY)
    return Work(platform, limits)


def played(size: Size, seed: int = 7, limits: Limits = LIMITS) -> Played:
    """Let actions be carried out that are all ordered at once; ``limits`` are the executor's."""

    async def play() -> Played:
        work, ordered = _work(seed, limits), size.orders(seed, 0.0)
        async with work.going_on():
            await work.carry(ordered)
        return Played(ordered, work)

    return run(play())


def bytes_kept(size: Size) -> float:
    """Return by how many bytes an action the executor grows, once it has seen all entities.

    That is in the last two of four batches, hours apart. Who kept but the id of an action would
    keep 60 bytes of each.
    """

    async def play() -> float:
        work, sizes = _work(7, LIMITS), list[int]()
        async with work.going_on():
            for batch in range(4):
                await work.carry(size.orders(batch, asyncio.get_running_loop().time()))
                # What the platform and the audit remember is not the executor's.
                work.platform.effects.clear()
                work.outcomes.clear()
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
                await asyncio.sleep(2 * HOUR)
        return (sizes[3] - sizes[1]) / (2 * size.actions)

    tracemalloc.start()
    try:
        return run(play())
    finally:
        tracemalloc.stop()
