"""Experiments: two policies side by side, and by which days they are compared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Amount, KeyName, Platform, Ratio, Text, Utc, Version
from schemas.guardrails import Guardrails
from schemas.keys import check_key_part, parse_campaign_key
from schemas.plan import Plan, Strategy
from schemas.record import Part, Record, refuse, refuse_unordered, require

USUAL_DAYS = 60
"""Days that an experiment without an end is planned for: its interval is tuned to half of them."""

CampaignName = Annotated[str, Meta(description="platform:account_id:campaign_id")]


class Design(StrEnum):
    """How two policies are kept apart."""

    SWITCHBACK = "switchback"
    """Each campaign takes turns, by blocks of days in an order that a coin decides."""
    HALVES = "halves"
    """Two campaigns that one audience was split between, one of each policy all the time."""


class ExperimentMetric(StrEnum):
    """What days are compared by."""

    CONVERSIONS = "conversions"
    VALUE = "value"
    VALUE_PER_COST = "value_per_cost"


class ExperimentStatus(StrEnum):
    """Whether an experiment goes on."""

    RUNNING = "running"
    STOPPED = "stopped"


class Arm(StrEnum):
    """The two sides of an experiment."""

    CONTROL = "control"
    TREATMENT = "treatment"


class Overrides(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a side sets in place of the plan's own; what is absent stays as in the plan.

    A target takes the place of the plan's, of either kind. Guard rails only tighten: of each, the
    plan's or this one holds, whichever allows less.
    """

    strategy: Strategy | None = None
    target_cpa: Amount | None = None
    target_roas: Annotated[float, Meta(gt=0.0, le=10_000.0)] | None = None
    learning_share: Ratio | None = None
    reallocate_within_day: bool | None = None
    guardrails: Guardrails | None = None

    refused: ClassVar[Mapping[str, str]]
    """Why fields of a plan that are not among these have no place here."""

    def _check(self) -> None:
        if self.target_cpa is not None and self.target_cpa <= 0:
            detail = f"must be above 0, was {self.target_cpa}"
            raise SchemaError("target_cpa", Reason.OUT_OF_RANGE, detail)
        if self.target_cpa is not None:
            refuse(self, ("target_roas",), "beside target_cpa; give one of the two")


Overrides.refused = MappingProxyType(
    dict.fromkeys(
        set(Plan.__struct_fields__) - set(Overrides.__struct_fields__),
        "no side of an experiment may change budgets, caps, autonomy or flights: it may set "
        + ", ".join(Overrides.__struct_fields__),
    )
)


class Halves(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two campaigns that run side by side."""

    control: CampaignName
    treatment: CampaignName

    def _check(self) -> None:
        for field in ("control", "treatment"):
            _check_campaign(getattr(self, field), field)
        if self.control == self.treatment:
            detail = "must be another campaign than control"
            raise SchemaError("treatment", Reason.CONTRADICTION, detail)


class Experiment(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two policies for some campaigns, from ``start`` until ``end`` or until it is stopped.

    Days are those of each campaign's plan. A record that stops an experiment repeats all that
    it was: what was decided before ``stopped_at`` can then be decided again from it.
    """

    experiment_id: Annotated[
        str, Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$", description="a name of your choice")
    ]
    version: Version
    status: ExperimentStatus = ExperimentStatus.RUNNING
    design: Design = Design.SWITCHBACK
    campaigns: Annotated[tuple[CampaignName, ...], Meta(max_length=10_000)] = ()
    platform: Annotated[Platform, Meta(description="all campaigns of it")] | None = None
    account_id: Annotated[KeyName, Meta(description="of this account only")] | None = None
    pairs: Annotated[tuple[Halves, ...], Meta(max_length=1_000)] = ()
    control: Overrides = Overrides()
    treatment: Overrides
    block_days: Annotated[
        int, Meta(ge=1, le=28, description="local days that a policy stays before the next turn")
    ] = 1
    burn_in_hours: Annotated[
        int, Meta(ge=0, le=23, description="first hours of each block that are not counted")
    ] = 6
    metric: ExperimentMetric = ExperimentMetric.CONVERSIONS
    alpha: Annotated[
        float, Meta(ge=0.001, le=0.5, description="probability of a wrong verdict, ever")
    ] = 0.05
    start: Annotated[date, Meta(description="first local day")]
    end: Annotated[date, Meta(description="last local day, included")] | None = None
    stopped_at: Utc | None = None
    by: Annotated[str, Meta(min_length=1, max_length=200, description="person or program")]
    why: Text = ""

    @property
    def key(self) -> bytes:
        """Kafka key: the experiment's id."""
        return self.experiment_id.encode()

    def named(self) -> tuple[str, ...]:
        """Return the campaigns that are named one by one."""
        return self.campaigns + tuple(
            name for pair in self.pairs for name in (pair.control, pair.treatment)
        )

    def _check(self) -> None:
        refuse_unordered(("start", "end"), self.start, self.end)
        if self.treatment == self.control and self.design == Design.SWITCHBACK:
            detail = "must differ from control: there is nothing to compare"
            raise SchemaError("treatment", Reason.CONTRADICTION, detail)
        stopped = self.status == ExperimentStatus.STOPPED
        check = require if stopped else refuse
        check(self, ("stopped_at",), f"of an experiment that is {self.status}")
        self._check_scope()

    def _check_scope(self) -> None:
        if self.design == Design.HALVES:
            require(self, ("pairs",), "for halves")
            refuse(self, ("platform", "account_id"), "for halves: pairs name their campaigns")
            _refuse_given(self, "campaigns", "for halves: pairs name their campaigns")
        else:
            _refuse_given(self, "pairs", "for a switchback: every campaign takes turns")
            if self.campaigns:
                refuse(self, ("platform", "account_id"), "beside campaigns")
            else:
                require(self, ("platform",), "where no campaigns are named")
        if self.platform is not None:
            check_key_part(self.platform, "platform")
        if self.account_id is not None:
            check_key_part(self.account_id, "account_id")
        for number, name in enumerate(self.campaigns):
            _check_campaign(name, f"campaigns[{number}]")
        if len(set(self.named())) < len(self.named()):
            field = "pairs" if self.pairs else "campaigns"
            raise SchemaError(field, Reason.DUPLICATE, "must not name a campaign twice")


def _refuse_given(record: Experiment, field: str, why: str) -> None:
    if getattr(record, field):
        raise SchemaError(field, Reason.CONTRADICTION, f"has no place {why}")


def _check_campaign(name: str, field: str) -> None:
    try:
        parse_campaign_key(name.encode())
    except SchemaError as error:
        raise SchemaError(field, Reason.INVALID_KEY, error.detail) from None
