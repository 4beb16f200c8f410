"""Connectors as the loop asks them: with what holds of their accounts kept for a while."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from workers.connectors.protocol import Account, Change, Connector, Receipt, Ref, State

KEPT_FOR: Final = 3600.0
"""Seconds; an account's minimums and steps change as seldom as its currency."""


class Fitted:
    """A connector that makes targets fit what the platform can set, before they are compared."""

    def __init__(self, connector: Connector, now: Callable[[], float]) -> None:
        self._connector, self._now = connector, now
        self._accounts: dict[str, tuple[Account, float]] = {}

    async def fit(self, change: Change) -> Change:
        """Return the change with the nearest value that can be set, of money never one above."""
        account = await self._account(change.ref.account_id)
        target = self._connector.quantize(change.target, account, change.ref.lever)
        return replace(change, target=target)

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force."""
        return await self._connector.read_state(refs)

    async def validate(self, change: Change, state: State) -> None:
        """Raise `Rejected` if it would not be done."""
        await self._connector.validate(change, state)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt on the wire."""
        return await self._connector.apply(change, state)

    async def _account(self, account_id: str) -> Account:
        known, until = self._accounts.get(account_id, (None, 0.0))
        if known is None or until < self._now():
            known = await self._connector.describe_account(account_id)
            self._accounts[account_id] = known, self._now() + KEPT_FOR
        return known
