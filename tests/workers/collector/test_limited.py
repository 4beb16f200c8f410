"""Laws of the limits of whoever collects, on a platform in memory and the machine's own clock."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from time import monotonic

import pytest

from workers.collector.limited import Limited
from workers.connectors.errors import Throttled
from workers.connectors.protocol import Account, Capabilities, Edit, Performance
from workers.connectors.settings import CallLimits
from workers.executor.live.limits import COLLECTING

DAY, LONG_AGO = date(2026, 3, 2), datetime(2026, 3, 1, tzinfo=UTC)


class Platform:
    """Tells nothing, and when it was asked."""

    capabilities = Capabilities(levers=frozenset())

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.refuses: Throttled | None = None

    def _ask(self) -> None:
        self.asked.append(monotonic())
        if self.refuses:
            raise self.refuses

    async def describe_account(self, account_id: str) -> Account:
        self._ask()
        raise NotImplementedError(account_id)

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> list[Performance]:
        del account_id, since, until
        self._ask()
        return []

    async def read_history(self, account_id: str, since: datetime) -> list[Edit]:
        del account_id, since
        self._ask()
        return []


async def test_reports_and_histories_of_an_account_keep_to_its_rate_together() -> None:
    platform = Platform()
    rate = 200.0
    limited = Limited("model", platform, CallLimits(calls_per_second=rate, burst=1))
    for _ in range(4):
        await limited.read_performance("1", DAY, DAY)
        await limited.read_history("1", LONG_AGO)
    between = [
        later - before for before, later in zip(platform.asked, platform.asked[1:], strict=False)
    ]

    assert len(platform.asked) == 8
    # A timer of the loop may ring by its clock's own grain too early.
    assert sum(between) >= 7 / (rate * COLLECTING) * 0.95


async def test_one_account_waits_for_no_other() -> None:
    platform = Platform()
    limited = Limited("model", platform, CallLimits(calls_per_second=0.001, burst=1))
    async with asyncio.timeout(10):
        await asyncio.gather(*(limited.read_performance(str(n), DAY, DAY) for n in range(5)))

    assert len(platform.asked) == 5


async def test_the_calls_of_a_day_end_in_a_wait_until_midnight_and_nothing_is_asked() -> None:
    platform = Platform()
    limited = Limited("model", platform, CallLimits(calls_per_day=1))
    await limited.read_performance("1", DAY, DAY)
    with pytest.raises(Throttled) as refused:
        await limited.read_history("1", LONG_AGO)

    assert len(platform.asked) == 1
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 86_400


async def test_what_the_platform_asks_to_wait_is_kept_to_by_all_that_is_asked_of_the_account() -> (
    None
):
    platform = Platform()
    limited = Limited("model", platform, CallLimits())
    platform.refuses = Throttled("later", retry_after=3_000.0)
    with pytest.raises(Throttled):
        await limited.read_performance("1", DAY, DAY)
    platform.refuses = None
    with pytest.raises(Throttled) as held:
        await limited.read_history("1", LONG_AGO)

    assert len(platform.asked) == 1
    assert held.value.retry_after == pytest.approx(3_000.0, abs=60)
