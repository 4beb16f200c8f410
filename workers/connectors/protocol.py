"""What a connector is: what it is asked for, what it answers, and what it must not do.

A connector is asked for one thing at a time. Reads may be repeated by whoever asks; `apply` makes
exactly one attempt on the wire and never tries again by itself, because only the executor knows
whether the change may have been made already. All waiting is bounded. Clients that block run in
threads of the connector's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from schemas.edit import Editor
from schemas.fields import Entity

API_VERSION: Final = 1
"""Of this protocol. A plug-in names the one that it was written for, and is refused otherwise."""


class Lever(StrEnum):
    """What can be set on a platform; money in units of the account's currency."""

    DAILY_BUDGET = "daily_budget"
    LIFETIME_BUDGET = "lifetime_budget"
    BID = "bid"
    """For a click, or for whatever the entity is billed by."""
    COST_CAP = "cost_cap"
    """The mean cost of a result that the platform is to keep to."""
    TARGET_CPA = "target_cpa"
    TARGET_ROAS = "target_roas"
    """A ratio: 4 is a revenue of four times the cost."""
    DEVICE_MODIFIER = "device_modifier"
    """A factor on bids, 1 as they are; ``part`` is the device: desktop, mobile or tablet."""
    SCHEDULE_MODIFIER = "schedule_modifier"
    """A factor on bids; ``part`` is an hour of the week, such as ``mon-08``, or a longer stretch of
    one day that the platform has one factor for: ``mon-08-12`` begins at 8 and ends at 12."""
    STATUS = "status"
    """1 delivers, 0 is paused."""
    SEASONALITY = "seasonality"
    """By what factor conversion rates are to be expected to differ from the usual; ``part`` is the
    stretch of time, as `workers.connectors.stretches` names it. 1 where nothing is told, and to set
    it to 1 takes back what was told."""
    BUDGET_INCREASE = "budget_increase"
    """By how much a day's budget is more than the daily one in a stretch of time to come, which
    ``part`` names. 0 where it is not, and to set it to 0 takes the increase back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """One value on a platform: whose, and which."""

    account_id: str
    entity: Entity
    entity_id: str
    lever: Lever
    part: str = ""
    """Of a lever that has several values; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What the platform says of a value now."""

    value: Decimal | None
    """None where none is set: bids that the platform finds by itself, no modifier."""
    currency: str
    """The account's; also of values that are no money."""
    version: str = ""
    """Changes whenever the entity does, where the platform tells such a thing."""
    shared: bool = False
    """Whether others spend from the same budget, or bid by the same target."""
    learning: bool = False
    """Whether the platform says that it is learning the entity anew."""
    delivering: bool = True
    """Whether the entity is neither paused, ended nor archived."""
    base: Decimal | None = None
    """The daily budget that an increase comes on top of; None of other values, or where there is
    none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Set a value, if it is what is expected."""

    ref: Ref
    target: Decimal
    currency: str
    """The one that the change was decided in; refused where the account has another."""
    key: str
    """The same for each attempt at the same change, and for no other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What a platform said to a change that it took."""

    sent: str
    """The value in the platform's own unit, as it went over the wire."""
    request_id: str = ""
    after: Decimal | None = None
    """The value that the platform says is in force, where its answer has it."""
    usage: float | None = None
    """Share of the platform's limit of requests that is used up, where it says so; 1 is all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What holds for all of an account."""

    account_id: str
    name: str
    currency: str
    timezone: str
    step: Decimal
    """The smallest difference between two amounts."""
    minimums: Mapping[Lever, Decimal]
    """The least that may be set, where the platform says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Performance:
    """What came of one entity in one local hour, or in one day where hours are not told."""

    account_id: str
    campaign_id: str
    ad_set_id: str
    """Empty where the platform reports by campaign."""
    day: date
    """In the account's time zone."""
    hour: int | None
    """Label of the local hour, 0 to 23, as the platform has it: on the day on which clocks go back
    one label stands for two hours. None is the whole day so far."""
    currency: str
    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal
    revenue: Decimal
    as_of: datetime
    """When the platform was asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change that was made on the platform, by whomever."""

    ref: Ref
    at: datetime
    actor: str
    """A name or address, as the platform tells it."""
    by: Editor
    before: Decimal | None
    after: Decimal | None
    campaign_id: str = ""
    """The one that the entity belongs to; empty where the platform does not say."""
    client: str = ""
    """The page or program that was used, as the platform names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do; whoever asks for more is rejected."""

    levers: frozenset[tuple[Entity, Lever]]
    dry_run: bool = False
    """Whether the platform checks a change without making it."""
    hourly: bool = False
    """Whether it reports by the hour."""
    history: bool = False
    """Whether it tells who changed what."""
    learning: bool = False
    """Whether it tells that it learns an entity anew; where not, `State.learning` is never set."""
    readable: bool = True
    """Whether `Connector.read_state` asks the platform. Where not, it tells what was applied last,
    and no change can be verified."""
    changes_per_hour: int | None = None
    """Most changes of one entity's budget in any hour; None is no such limit."""


class Connector(Protocol):
    """One platform, with the credentials of those that it may act for.

    Each call raises `workers.connectors.errors.ConnectorError`, of the class that fits, and nothing
    else that a platform or a network can cause.
    """

    @property
    def name(self) -> str:
        """The platform, as campaigns' keys have it."""

    @property
    def version(self) -> str:
        """Of the platform's interface that is spoken, for the audit trail."""

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked for."""

    async def describe_account(self, account_id: str) -> Account:
        """Return what holds for the account."""

    async def read_state(self, refs: Sequence[Ref]) -> Mapping[Ref, State]:
        """Return what is in force of values of one account; those it does not have are left out."""

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        """Return the nearest value that can be set, of money never one above ``amount``."""

    async def validate(self, change: Change, state: State) -> None:
        """Raise `Rejected` if the platform would not do it; where it has a dry run, by that."""

    async def apply(self, change: Change, state: State) -> Receipt:
        """Make the change by one attempt on the wire."""

    async def read_performance(
        self, account_id: str, since: date, until: date
    ) -> Sequence[Performance]:
        """Return what is reported of local days, the last one included."""

    async def read_history(self, account_id: str, since: datetime) -> Sequence[Edit]:
        """Return what was changed since, oldest first; nothing where it is not told."""

    async def aclose(self) -> None:
        """Let go of connections and threads; nothing may be asked afterwards."""
