"""Priors: what campaigns teach each other about the hours of a week."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import MAX_COUNT, Name, Platform, Utc, Version
from schemas.keys import EVERYTHING, account_key
from schemas.record import Record, require

HOURS_OF_WEEK = 168

WeekShape = Annotated[
    tuple[Annotated[float, Meta(ge=0.0, le=1e6)], ...],
    Meta(
        min_length=HOURS_OF_WEEK,
        max_length=HOURS_OF_WEEK,
        description="hour of the local week, Monday 00:00 first; relative, mean 1",
    ),
]


class PriorLevel(StrEnum):
    """Whose days were pooled."""

    ACCOUNT = "account"
    PLATFORM = "platform"
    ALL = "all"


class Prior(Record, frozen=True, kw_only=True):
    """The pooled shape of a week, and how much evidence stands behind it."""

    version: Version
    level: PriorLevel
    platform: Platform | None = None
    account_id: Name | None = None
    weights: WeekShape
    conversion_weights: WeekShape | None = None
    evidence: Annotated[
        float, Meta(ge=0.0, description="effective number of campaign-days behind the shape")
    ]
    concentration: Annotated[
        float,
        Meta(ge=0.0, description="how alike campaigns are: the prior counts as so many own days"),
    ]
    campaigns: Annotated[int, Meta(ge=0, le=MAX_COUNT)]
    computed_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the account's, the platform's name, or ``*``."""
        if self.level is PriorLevel.ACCOUNT:
            return account_key(self.platform or "", self.account_id or "")
        return (self.platform or EVERYTHING).encode()

    def _check(self) -> None:
        scope = {
            PriorLevel.ACCOUNT: ("platform", "account_id"),
            PriorLevel.PLATFORM: ("platform",),
            PriorLevel.ALL: (),
        }[self.level]
        require(self, scope, f"for a prior of level {self.level}")
        for field in ("platform", "account_id"):
            if field not in scope and getattr(self, field) is not None:
                detail = f"has no place in a prior of level {self.level}"
                raise SchemaError(field, Reason.CONTRADICTION, detail)
