"""Reports and histories, asked for no faster than the file of platforms allows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from time import time
from typing import Protocol, TypeVar

from workers.connectors.errors import ConnectorError
from workers.connectors.protocol import Account, Capabilities, Edit, Performance
from workers.connectors.settings import CallLimits
from workers.executor.live import order
from workers.executor.live.limits import COLLECTING, Counts, Portion, limits_of, take_turn

_Answer = TypeVar("_Answer")


class Reports(Protocol):
    """The part of a `workers.connectors.protocol.Connector` that tells what came."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked for."""

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account."""

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return what is reported of local days, the last one included."""

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return what was changed since, oldest first."""


class MachineClock:
    """The machine's."""

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return time()

    async def sleep(self, seconds: float) -> None:
        """Return not before that time has passed."""
        await asyncio.sleep(seconds)


class Limited:
    """A platform's `Reports` by the same limits as executors keep to, of which it has its portion.

    Where a day's calls are used up, or the platform asked to wait for long, a call raises
    `Throttled`, which says for how long.
    """

    def __init__(self, platform: str, reports: Reports, told: CallLimits) -> None:
        self._platform, self._reports, self._clock = platform, reports, MachineClock()
        portion = Portion(of_all=COLLECTING, since=self._clock.now())
        self._counts = Counts(limits_of(told, reports.capabilities), portion)

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked for."""
        return self._reports.capabilities

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account."""
        return await self._ask(account_id, lambda: self._reports.describe_account(account_id))

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return what is reported of local days, the last one included."""
        reports = self._reports
        return await self._ask(
            account_id, lambda: reports.read_performance(account_id, since, until)
        )

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return what was changed since, oldest first."""
        return await self._ask(account_id, lambda: self._reports.read_history(account_id, since))

    async def _ask(self, account_id: str, call: Callable[[], Awaitable[_Answer]]) -> _Answer:
        account = order.Account(self._platform, account_id)
        await take_turn(self._counts, account, self._clock)
        try:
            return await call()
        except ConnectorError as error:
            self._counts.heard(account, error, self._clock.now())
            raise
