"""The connector to Google Ads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from workers.connectors.google.places import Message, Place, at, place, told, wire_value
from workers.connectors.google.reports import edits, performance
from workers.connectors.google.units import from_micros
from workers.connectors.google.wire import Wire
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

_SERVICES: Final = {
    "campaignBudgets": ("CampaignBudgetService", "mutate_campaign_budgets", "campaign_budget"),
    "campaigns": ("CampaignService", "mutate_campaigns", "campaign"),
    "adGroups": ("AdGroupService", "mutate_ad_groups", "ad_group"),
}
CAPABILITIES: Final = Capabilities(
    levers=frozenset(
        {
            (Entity.CAMPAIGN, Lever.DAILY_BUDGET),
            (Entity.CAMPAIGN, Lever.LIFETIME_BUDGET),
            (Entity.CAMPAIGN, Lever.TARGET_CPA),
            (Entity.CAMPAIGN, Lever.TARGET_ROAS),
            (Entity.CAMPAIGN, Lever.STATUS),
            (Entity.AD_SET, Lever.BID),
            (Entity.AD_SET, Lever.TARGET_CPA),
            (Entity.AD_SET, Lever.TARGET_ROAS),
            (Entity.AD_SET, Lever.STATUS),
        }
    ),
    dry_run=True,
    hourly=True,
    history=True,
)


class GoogleConnector:
    """Speaks with Google Ads; see `workers.connectors.protocol.Connector`."""

    def __init__(
        self, credentials: GoogleCredentials, options: GoogleOptions | None = None
    ) -> None:
        self._options = options or GoogleOptions()
        self._wire = Wire(credentials, self._options)

    @property
    def name(self) -> str:
        """Return ``google``."""
        return "google"

    @property
    def version(self) -> str:
        """Return the version of the interface, such as ``v26``."""
        return self._options.version

    @property
    def capabilities(self) -> Capabilities:
        """Return what can be asked for."""
        return CAPABILITIES

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
        """Return what is in force, by one query for campaigns and one for ad groups."""
        found: dict[Ref, State] = {}
        for entity, query in (
            (Entity.CAMPAIGN, queries.campaigns),
            (Entity.AD_SET, queries.ad_groups),
        ):
            asked = [ref for ref in refs if (ref.entity, ref.lever) in CAPABILITIES.levers]
            asked = [ref for ref in asked if ref.entity is entity and not ref.part]
            if asked:
                number = queries.customer_number(asked[0].account_id)
                rows = await self._wire.search(number, query(ref.entity_id for ref in asked))
                found |= _states(asked, rows)
        return found

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set, never above ``amount``."""
        return amounts.quantize(amount, account, lever)

    async def validate(self, change: Change, state: State) -> None:
        """Ask the platform whether it would; raise `Rejected` if not."""
        await self._mutate(change, state, validate_only=True)

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt; `Ambiguous` where the answer names no result."""
        where = Place.of(state.version, change.ref)
        answer, request_id = await self._mutate(change, state, validate_only=False)
        results = [one for one in answer.results if one.resource_name == where.resource]
        if not results:
            raise Ambiguous(
                "the answer names nothing that was changed: read whether it was made",
                request_id=request_id,
            )
        written = getattr(results[0], _SERVICES[where.collection][2])
        after = told(change.ref.lever, at(written, where.path)) if written.resource_name else None
        sent = str(wire_value(change.ref.lever, change.target))
        return Receipt(sent=sent, request_id=request_id, after=after)

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return each campaign's hours; conversions stand on the hour of their click."""
        number = queries.customer_number(account_id)
        as_of = datetime.now(UTC)
        rows = await self._wire.search(number, queries.hours(since, until))
        return [performance(account_id, row, as_of) for row in rows]

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return changes since, at most of 30 days; one may be told three minutes late."""
        number = queries.customer_number(account_id)
        customer = (await self._one(number, queries.CUSTOMER, "account")).customer
        zone, now = ZoneInfo(customer.time_zone), datetime.now(UTC)
        start = max(since, now - timedelta(days=29, hours=23))
        query = queries.changes(start.astimezone(zone), (now + timedelta(1)).astimezone(zone))
        rows = await self._wire.search(number, query)
        own = self._options.own_email
        return [one for row in rows for one in edits(account_id, row, zone, own) if one.at >= start]

    async def aclose(self) -> None:
        """Close connections."""
        await self._wire.aclose()

    async def _mutate(
        self, change: Change, state: State, *, validate_only: bool
    ) -> tuple[Message, str]:
        self._refuse(change, state)
        where = Place.of(state.version, change.ref)
        service, method, _ = _SERVICES[where.collection]
        request = {
            "customer_id": queries.customer_number(change.ref.account_id),
            "operations": [_operation(where, wire_value(change.ref.lever, change.target))],
            "validate_only": validate_only,
            "response_content_type": "MUTABLE_RESOURCE",
        }
        return await self._wire.attempt(service, method, request)

    def _refuse(self, change: Change, state: State) -> None:
        """Raise `Rejected` for what needs no asking."""
        ref = change.ref
        if (ref.entity, ref.lever) not in CAPABILITIES.levers or ref.part:
            raise Rejected(f"Google Ads has no {ref.lever} to set on a {ref.entity}", field="lever")
        if change.currency != state.currency:
            raise Rejected(
                f"decided in {change.currency}, but the account has {state.currency}: "
                "correct the campaign's currency",
                field="currency",
            )
        if state.shared and not self._options.shared_budgets:
            raise Rejected(
                f"campaign {ref.entity_id} shares its budget with others: give it one of its own, "
                "or allow shared budgets",
                field="explicitly_shared",
            )

    async def _one(self, number: str, query: str, what: str) -> Message:
        rows = await self._wire.search(number, query)
        if not rows:
            raise Rejected(f"Google Ads tells nothing of the {what} of {number}: check its number")
        return rows[0]


def _states(refs: Sequence[Ref], rows: Sequence[Message]) -> dict[Ref, State]:
    by_entity = {
        str(row.campaign.id if ref_entity is Entity.CAMPAIGN else row.ad_group.id): row
        for row in rows
        for ref_entity in {refs[0].entity}
    }
    states = {ref: _state(ref, by_entity.get(ref.entity_id)) for ref in refs}
    return {ref: state for ref, state in states.items() if state is not None}


def _state(ref: Ref, row: Message) -> State | None:
    where = place(ref, row) if row is not None else None
    if where is None:
        return None
    holder = {"campaignBudgets": "campaign_budget", "campaigns": "campaign", "adGroups": "ad_group"}
    budget = row.campaign_budget
    entities = [row.campaign] if ref.entity is Entity.CAMPAIGN else [row.campaign, row.ad_group]
    return State(
        value=told(ref.lever, at(getattr(row, holder[where.collection]), where.path)),
        currency=row.customer.currency_code,
        version=where.version(ref),
        shared=where.collection == "campaignBudgets"
        and (budget.explicitly_shared or budget.reference_count > 1),
        delivering=all(entity.status.name == "ENABLED" for entity in entities),
    )


def _operation(where: Place, value: float | str) -> dict[str, object]:
    update: object = value
    for name in reversed(where.path.split(".")):
        update = {name: update}
    assert isinstance(update, dict)  # noqa: S101 -- a path has at least one name
    return {
        "update": {"resource_name": where.resource, **update},
        "update_mask": {"paths": [where.path]},
    }
