"""A platform in memory, without a wire: for trying, and for shadow mode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from schemas.edit import Editor
from schemas.fields import Entity
from workers.connectors import amounts
from workers.connectors.errors import Rejected
from workers.connectors.last_check import must_still_hold
from workers.connectors.protocol import (
    Account,
    Capabilities,
    Change,
    Edit,
    Lever,
    Performance,
    Receipt,
    Ref,
    State,
)

EVERYTHING: Final = frozenset(
    (entity, lever) for entity in (Entity.CAMPAIGN, Entity.AD_SET) for lever in Lever
)


class SimulateConnector:
    """Keeps values in memory; what was not given at the start does not exist."""

    name = "simulate"
    version = "1"

    def __init__(
        self,
        accounts: Sequence[Account],
        values: Mapping[Ref, Decimal | None],
    ) -> None:
        self.capabilities = Capabilities(levers=EVERYTHING, dry_run=True, history=True)
        self._accounts = {account.account_id: account for account in accounts}
        self._values = dict(values)
        self._edits: list[Edit] = []
        self._closed = False

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account."""
        self._must_be_open()
        if account_id not in self._accounts:
            raise Rejected(f"there is no account {account_id}", field="account_id")
        return self._accounts[account_id]

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force."""
        self._must_be_open()
        return {
            ref: State(value=self._values[ref], currency=self._accounts[ref.account_id].currency)
            for ref in refs
            if ref in self._values
        }

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set."""
        return amounts.quantize(amount, account, lever)

    async def validate(self, change: Change, state: State) -> None:  # noqa: ARG002 -- the protocol's
        """Raise `Rejected` if the change cannot be made."""
        account = await self.describe_account(change.ref.account_id)
        amounts.check(change, account, self.capabilities)
        if change.ref not in self._values:
            raise Rejected(f"there is no {change.ref.entity} {change.ref.entity_id}")

    async def apply(self, change: Change, state: State) -> Receipt:
        """Set the value."""
        await self.validate(change, state)
        edit = Edit(
            ref=change.ref,
            at=datetime.now(UTC),
            actor="pacekeeper",
            by=Editor.US,
            before=self._values[change.ref],
            after=change.target,
        )
        must_still_hold()
        self._values[change.ref] = change.target
        self._edits.append(edit)
        return Receipt(sent=str(change.target), request_id=change.key, after=change.target)

    async def read_performance(
        self,
        account_id: str,  # noqa: ARG002 -- nothing is delivered here
        since: date,  # noqa: ARG002
        until: date,  # noqa: ARG002
    ) -> Sequence[Performance]:
        """Return nothing: what is only simulated delivers nothing."""
        self._must_be_open()
        return []

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return what was set since, oldest first."""
        self._must_be_open()
        return [e for e in self._edits if e.ref.account_id == account_id and e.at >= since]

    async def aclose(self) -> None:
        """Take no more calls."""
        self._closed = True

    def _must_be_open(self) -> None:
        if self._closed:
            raise Rejected("the connector is closed; make a new one")
