"""The connector to Meta: budgets, bids and status of campaigns and ad sets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from workers.connectors.amounts import floor_to
from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.meta.accounts import read_account, read_minimums
from workers.connectors.meta.answers import UNKNOWN_OBJECT, usage
from workers.connectors.meta.history import read_history
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.meta.pages import read_rows
from workers.connectors.meta.reports import read_hours
from workers.connectors.meta.schedules import (
    EDGE,
    Request,
    increase_request,
    increase_state,
    is_increase,
    sent_by,
    window_of,
)
from workers.connectors.meta.units import ROAS_SCALE, step
from workers.connectors.meta.values import (
    FIELDS,
    LEVERS,
    account_number,
    check_place,
    identifier,
    state,
    whose,
    wire_value,
)
from workers.connectors.meta.wire import Wire
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

_MOST: Final = Decimal(10**15)
"""Amounts from here on are slips, in every currency."""


class MetaConnector:
    """Acts for one user of one app; see `workers.connectors.protocol.Connector`."""

    name = "meta"
    capabilities = Capabilities(
        levers=LEVERS,
        dry_run=True,
        hourly=True,
        history=True,
        learning=True,
        changes_per_hour=4,
    )

    def __init__(
        self,
        credentials: MetaCredentials,
        options: MetaOptions | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._options = options or MetaOptions()
        self._now = now
        self._wire = Wire(credentials, self._options)

    @property
    def version(self) -> str:
        """Of the Graph interface."""
        return self._options.version

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account."""
        account = await read_account(self._wire, account_id)
        return replace(account, minimums=await read_minimums(self._wire, account))

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force of values of one account; those it does not have are left out."""
        known = [ref for ref in refs if _has(ref)]
        if not known:
            return {}
        if len({ref.account_id for ref in known}) > 1:
            raise Rejected("The values belong to more than one account: ask for each by itself.")
        account = await read_account(self._wire, known[0].account_id)
        bodies = {(ref.entity, ref.entity_id): ref for ref in known}
        found = {place: await self._entity(ref) for place, ref in bodies.items()}
        return {
            ref: await self._state(ref, body, account.currency)
            for ref in known
            if (body := found[ref.entity, ref.entity_id]) is not None
        }

    async def _state(self, ref: Ref, body: Mapping[str, Any], currency: str) -> State:
        if not is_increase(ref):
            return state(ref, body, currency)
        path = (identifier(ref.entity_id, str(ref.entity)), EDGE)
        rows = await read_rows(self._wire, path, window_of(ref))
        return increase_state(ref, body, rows, currency)

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set, of money never one above ``amount``."""
        if lever is Lever.STATUS:
            return Decimal(int(amount > 0))
        least = Decimal(1) / ROAS_SCALE if lever is Lever.TARGET_ROAS else account.step
        return floor_to(amount, least)

    async def validate(self, change: Change, state: State) -> None:
        """Raise `Rejected` if Meta would not do it, by its dry run."""
        _check(change, state)
        body = await self._entity(change.ref)
        if body is None:
            raise Rejected(f"The account has no {change.ref.entity} {change.ref.entity_id}.")
        check_place(change.ref, body)
        if is_increase(change.ref):
            # Meta has no dry run of these.
            increase_request(change, state)
            return
        await self._send(change, {"execution_options": ["validate_only"]})

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt on the wire; where it has no value yet, after a look."""
        _check(change, state)
        if is_increase(change.ref):
            request = increase_request(change, state)
            return await self._called(request, sent_by(request))
        if state.value is None:
            body = await self._entity(change.ref)
            check_place(change.ref, body or {})
        return await self._send(change, {})

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return hours of local days, the last one included."""
        account = await read_account(self._wire, account_id)
        return await read_hours(self._wire, account, (since, until), self._now())

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return what was changed since, oldest first."""
        account = await read_account(self._wire, account_id)
        return await read_history(self._wire, account, since, self._options.app_id, self._entity)

    async def aclose(self) -> None:
        """Let go of connections and threads."""
        self._wire.close()

    async def _entity(self, ref: Ref) -> dict[str, Any] | None:
        path = (identifier(ref.entity_id, str(ref.entity)),)
        try:
            body = (await self._wire.call("GET", path, {"fields": FIELDS[ref.entity]})).body
        except Rejected as error:
            if error.code == UNKNOWN_OBJECT:
                return None
            raise
        if "account_id" not in body:
            raise Ambiguous("Meta's answer does not say whose the entity is: read it again.")
        return body if body["account_id"] == account_number(ref.account_id) else None

    async def _send(self, change: Change, more: dict[str, Any]) -> Receipt:
        ref = change.ref
        field, sent = wire_value(ref.lever, change.target, change.currency)
        path = (identifier(ref.entity_id, str(ref.entity)),)
        return await self._called(Request("POST", path, {field: sent, **more}), sent)

    async def _called(self, request: Request, sent: str) -> Receipt:
        answer = await self._wire.call(*request)
        request_id = answer.headers.get("x-fb-trace-id", "")
        # What comes to be is told by its id.
        made = request.path[-1] == EDGE and "id" in answer.body
        if not made and answer.body.get("success") is not True:
            raise Ambiguous(
                "Meta's answer does not say that it was done: only reading tells.",
                request_id=request_id,
            )
        return Receipt(sent=sent, request_id=request_id, usage=usage(answer.headers))


def _has(ref: Ref) -> bool:
    """Return whether there is such a value on Meta: increases have a stretch, others no part."""
    of_part = is_increase(ref) if ref.lever is Lever.BUDGET_INCREASE else not ref.part
    return (ref.entity, ref.lever) in LEVERS and of_part


def _check(change: Change, state: State) -> None:
    ref = change.ref
    if not _has(ref):
        raise Rejected(f"Meta's connector sets no {ref.lever} of a {ref.entity}.", field=ref.lever)
    if state.version.partition(" ")[0] != whose(ref):
        raise Rejected("The state was not read of this entity: read it, then change it.")
    if change.currency != state.currency:
        raise Rejected(
            f"The change is in {change.currency}, the account in {state.currency}: decide it anew.",
            field="currency",
        )
    if ref.lever is Lever.STATUS:
        if change.target not in {Decimal(0), Decimal(1)}:
            raise Rejected("A status is 1 (delivers) or 0 (is paused).", field="status")
        return
    least = Decimal(1) / ROAS_SCALE if ref.lever is Lever.TARGET_ROAS else step(change.currency)
    if is_increase(ref) and change.target == 0:
        return
    if not change.target.is_finite() or not 0 < change.target < _MOST or change.target % least:
        raise Rejected(
            f"{change.target} is no positive multiple of {least} {change.currency}.",
            field=wire_value(ref.lever, Decimal(1), change.currency)[0],
        )
