"""The connector to Google Ads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from schemas.fields import Entity
from workers.connectors import amounts
from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.google import queries
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.google.parts import part
from workers.connectors.google.places import Message, Place
from workers.connectors.google.reports import edits, moment, performance, scheduled
from workers.connectors.google.rules import CAPABILITIES, has, refuse
from workers.connectors.google.seasons import COLLECTION, season_operation, seasonal_states
from workers.connectors.google.services import SERVICES
from workers.connectors.google.states import states
from workers.connectors.google.units import from_micros
from workers.connectors.google.values import held, operation, told, wire_value
from workers.connectors.google.wire import Wire
from workers.connectors.protocol import (
    Account,
    Change,
    Edit,
    Lever,
    Performance,
    Receipt,
    Ref,
    State,
)

_READS: Final = (
    (Entity.CAMPAIGN, queries.campaigns, queries.campaign_modifiers),
    (Entity.AD_SET, queries.ad_groups, queries.ad_group_modifiers),
)
_REACH: Final = timedelta(days=29, hours=22)
"""How far back the history is asked for: of 30 days, less what clocks and zones may differ by."""


class GoogleConnector:
    """Speaks with Google Ads; see `workers.connectors.protocol.Connector`."""

    capabilities = CAPABILITIES

    def __init__(
        self,
        credentials: GoogleCredentials,
        options: GoogleOptions | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._options = options or GoogleOptions()
        self._now = now
        self._wire = Wire(credentials, self._options)

    @property
    def name(self) -> str:
        """Return ``google``."""
        return "google"

    @property
    def version(self) -> str:
        """Return the version of the interface, such as ``v26``."""
        return self._options.version

    async def describe_account(self, account_id: str) -> Account:
        """Return an account's currency, zone and smallest step; minimums are told by refusals."""
        number = queries.customer_number(account_id)
        customer = (await self._one(number, queries.CUSTOMER, "account")).customer
        query = queries.billable_unit(customer.currency_code)
        constant = (await self._one(number, query, "currency")).currency_constant
        return Account(
            account_id=account_id,
            name=customer.descriptive_name,
            currency=customer.currency_code,
            timezone=customer.time_zone,
            step=from_micros(constant.billable_unit_micros),
            minimums=MappingProxyType({}),
        )

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force, by at most two queries for campaigns and two for ad groups."""
        found: dict[Ref, State] = {}
        for entity, query, query_of_parts in _READS:
            asked = [ref for ref in refs if ref.entity is entity and has(ref)]
            if not asked:
                continue
            number = queries.customer_number(asked[0].account_id)
            rows = await self._wire.search(number, query(ref.entity_id for ref in asked))
            seasonal = [ref for ref in asked if ref.lever is Lever.SEASONALITY]
            if seasonal:
                found |= await self._seasons(number, seasonal, rows)
            asked = [ref for ref in asked if ref not in seasonal]
            with_parts = [ref.entity_id for ref in asked if ref.part]
            parts = (
                await self._wire.search(number, query_of_parts(with_parts)) if with_parts else []
            )
            found |= states(asked, rows, parts) if asked else {}
        return found

    async def _seasons(
        self, number: str, refs: Sequence[Ref], campaigns: Sequence[Message]
    ) -> dict[Ref, State]:
        return seasonal_states(refs, campaigns, await self._wire.search(number, queries.SEASONS))

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set, never above ``amount``."""
        return amounts.quantize(amount, account, lever)

    async def validate(self, change: Change, state: State) -> None:
        """Ask the platform whether it would; raise `Rejected` if not."""
        await self._mutate(change, state, validate_only=True)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt; `Ambiguous` where the answer names no result."""
        where, answer, request_id = await self._mutate(change, state, validate_only=False)
        results = [one for one in answer.results if where.is_named(one.resource_name)]
        if not results:
            raise Ambiguous(
                "the answer names nothing that was changed: read whether it was made",
                request_id=request_id,
            )
        written = getattr(results[0], SERVICES[where.collection].field)
        after = told(change.ref.lever, held(written, where.path)) if written.resource_name else None
        sent = str(wire_value(change.ref, change.target))
        return Receipt(sent=sent, request_id=request_id, after=after)

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return each campaign's hours; conversions stand on the hour of their click."""
        number = queries.customer_number(account_id)
        as_of = self._now()
        rows = await self._wire.search(number, queries.hours(since, until))
        return [performance(account_id, row, as_of) for row in rows]

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return changes since, at most of 30 days; one may be told three minutes late."""
        number = queries.customer_number(account_id)
        customer = (await self._one(number, queries.CUSTOMER, "account")).customer
        zone, now = ZoneInfo(customer.time_zone), self._now()
        start = max(since, now - _REACH)
        rows = await self._changes(number, start, zone)
        stretches = await self._stretches(number, rows)
        found: list[Edit] = []
        for row in rows:
            at = moment(row.change_event.change_date_time, zone, start)
            if at >= start:
                own = self._options.own_email
                found.extend(edits(account_id, row, at, own, stretches))
        return found

    async def _changes(self, number: str, start: datetime, zone: ZoneInfo) -> list[Message]:
        """Return events since, page by page: each begins in the last one's last second.

        An hour more is asked for, since on one day a year a label is told of two hours.
        """
        begin, end = start - timedelta(hours=1), self._now() + timedelta(1)
        first, last = (f"{one.astimezone(zone):%Y-%m-%d %H:%M:%S}" for one in (begin, end))
        found: dict[str, Message] = {}
        while True:
            page = await self._wire.search(number, queries.changes(first, last))
            known = len(found)
            found |= {row.change_event.resource_name: row for row in page}
            if len(page) < queries.MOST_CHANGES or len(found) == known:
                return list(found.values())
            first = page[-1].change_event.change_date_time[: len(first)]

    async def _stretches(self, number: str, rows: Sequence[Message]) -> Mapping[str, str]:
        """Return the parts of the week that changed criteria stand for: events do not say."""
        campaigns = scheduled(rows)
        if not campaigns:
            return {}
        found = await self._wire.search(number, queries.campaign_modifiers(campaigns))
        criteria = [row.campaign_criterion for row in found]
        return {one.resource_name: part(one) for one in criteria}

    async def aclose(self) -> None:
        """Close connections."""
        await self._wire.aclose()

    async def _mutate(
        self, change: Change, state: State, *, validate_only: bool
    ) -> tuple[Place, Message, str]:
        """Return where the value is kept, the answer, and the request's id."""
        where = refuse(change, state, self._options)
        value = wire_value(change.ref, change.target)
        if where.collection == COLLECTION:
            made = season_operation(where, change, float(value))
        else:
            made = operation(where, change.ref, value)
        request = {
            "customer_id": where.owner,
            "operations": [made],
            "validate_only": validate_only,
            "response_content_type": "MUTABLE_RESOURCE",
        }
        service = SERVICES[where.collection]
        answer, request_id = await self._wire.mutate(service, request)
        return where, answer, request_id

    async def _one(self, number: str, query: str, what: str) -> Message:
        rows = await self._wire.search(number, query)
        if not rows:
            raise Rejected(f"Google Ads tells nothing of the {what} of {number}: check its number")
        return rows[0]
