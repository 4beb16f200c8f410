"""Priors: what campaigns teach each other about the hours of a week."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.fields import MAX_COUNT, KeyName, Platform, Utc, Version
from schemas.keys import EVERYTHING, check_key_part
from schemas.record import Record, refuse, require

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


_NAMES: dict[PriorLevel, tuple[str, ...]] = {
    PriorLevel.ALL: (),
    PriorLevel.PLATFORM: ("platform",),
    PriorLevel.ACCOUNT: ("platform", "account_id"),
}


class Prior(Record, frozen=True, kw_only=True):
    """The pooled shape of a week, and how much evidence stands behind it."""

    version: Version
    level: PriorLevel
    platform: Platform | None = None
    account_id: KeyName | None = None
    weights: WeekShape
    conversion_weights: WeekShape | None = None
    evidence: Annotated[
        float, Meta(ge=0.0, description="effective number of campaign-days behind the shape")
    ]
    concentration: Annotated[
        float,
        Meta(
            ge=0.0,
            description="how alike campaigns are: own clicks in an hour of the week it counts for",
        ),
    ]
    campaigns: Annotated[int, Meta(ge=0, le=MAX_COUNT)]
    computed_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the account's, the platform's name, or ``*``."""
        return ":".join(filter(None, (self.platform, self.account_id))).encode() or EVERYTHING

    def _check(self) -> None:
        names = _NAMES[self.level]
        require(self, names, f"for a prior of level {self.level}")
        refuse(self, _NAMES[PriorLevel.ACCOUNT][len(names) :], f"at level {self.level}")
        for field in names:
            check_key_part(getattr(self, field), field)
