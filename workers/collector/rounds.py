"""All accounts, each by itself: one that fails or waits stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

import structlog

from workers.collector.account import AccountCollector
from workers.collector.instruments import TOLD, Instruments
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.health import Verdict

AT_ONCE: Final = 4
"""Accounts of a platform that are asked at the same time."""
_LONGEST: Final = timedelta(hours=1)
"""The longest wait where a platform throttles and does not say for how long."""
_OUTCOMES: Final[dict[type[ConnectorError], str]] = {
    Throttled: "throttled",
    Conflict: "conflict",
    Ambiguous: "ambiguous",
    Rejected: "rejected",
    AuthFailed: "auth_failed",
}
_REMEDIES: Final = {
    "throttled": "nothing: it is asked again after the wait",
    "conflict": "nothing: it is asked again in the next round",
    "ambiguous": "nothing, if the next round succeeds; else see to the network and the platform",
    "rejected": "correct the account in the file that executor.platforms names, or remove it",
    "auth_failed": "see to the account's credentials and permissions, then start anew",
}

_log = structlog.get_logger("pacekeeper")


class Rounds:
    """Asks accounts round after round, and tells how they stand."""

    def __init__(
        self, accounts: Sequence[AccountCollector], every: timedelta, instruments: Instruments
    ) -> None:
        self._accounts = accounts
        self._every = every
        self._instruments = instruments
        self._turns = {account.platform: asyncio.Semaphore(AT_ONCE) for account in accounts}
        self._failures = dict.fromkeys(accounts, 0)
        self._asked: set[AccountCollector] = set()

    async def once(self) -> int:
        """Ask each account once; return how many failed."""
        await asyncio.gather(*map(self.attempt, self._accounts))
        return sum(map(bool, self._failures.values()))

    async def keep(self) -> None:
        """Ask all accounts until cancelled; end by what was not foreseen, such as Kafka's end."""
        tasks = [asyncio.create_task(self._keep(account)) for account in self._accounts]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, account: AccountCollector) -> None:
        while True:
            wait = await self.attempt(account)
            await asyncio.sleep(wait.total_seconds())

    async def attempt(self, account: AccountCollector) -> timedelta:
        """Ask an account once; return how long to wait before it is asked again."""
        outcome, wait = TOLD, self._every
        try:
            async with self._turns[account.platform]:
                await account.round()
        except ConnectorError as error:
            self._failures[account] += 1
            outcome, wait = _outcome(error), self._wait(error, self._failures[account])
            _tell(account, outcome, error, wait)
        else:
            self._failures[account] = 0
        self._asked.add(account)
        self._instruments.rounds.labels(account.platform, outcome).inc()
        failing = [each for each in self._accounts if self._failures[each]]
        count = sum(each.platform == account.platform for each in failing)
        self._instruments.failing.labels(account.platform).set(count)
        return wait

    def _wait(self, error: ConnectorError, failures: int) -> timedelta:
        if not isinstance(error, Throttled):
            return self._every
        if error.retry_after is not None:
            return max(self._every, timedelta(seconds=error.retry_after))
        return max(self._every, min(_LONGEST, self._every * (1 << min(failures, 10))))

    def ready(self) -> Verdict:
        """Tell whether every account was asked, whatever it answered."""
        left = len(self._accounts) - len(self._asked)
        return Verdict(ok=not left, reason=f"{left} accounts were not asked yet" if left else "")


def _outcome(error: ConnectorError) -> str:
    return next(name for kind, name in _OUTCOMES.items() if isinstance(error, kind))


def _tell(account: AccountCollector, outcome: str, error: ConnectorError, wait: timedelta) -> None:
    _log.warning(
        "account_failed",
        platform=account.platform,
        account_id=account.account_id,
        outcome=outcome,
        problem=error.detail,
        code=error.code,
        request_id=error.request_id,
        remedy=_REMEDIES[outcome],
        asked_again_in_seconds=wait.total_seconds(),
    )
