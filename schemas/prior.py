"""Priors: what campaigns teach each other about the hours of a week."""

from __future__ import annotations

import struct
from enum import StrEnum
from math import isfinite
from typing import Annotated

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import MAX_COUNT, KeyName, Platform, Utc, Version
from schemas.keys import EVERYTHING, check_key_part
from schemas.record import Part, Record, refuse, require
from schemas.shape import AGE_STEPS

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


_OF_THE_WEEK = Meta(min_length=7, max_length=7)
_WEEK_BYTES = 4 * HOURS_OF_WEEK
_PAIR_BYTES = 4 * 300


class SpendDays(Part, frozen=True, kw_only=True):
    """The shapes of closed days by spend at one multiplier: natural logs, a day's mean is 0.

    Tables are float32, little-endian, in base64: half the bytes of the same numbers as text.
    """

    days: Annotated[
        tuple[Annotated[float, Meta(ge=0.0)], ...],
        _OF_THE_WEEK,
        Meta(description="campaign-days behind the shapes, by weekday, Monday first"),
    ]
    mean: Annotated[
        bytes,
        Meta(
            min_length=_WEEK_BYTES,
            max_length=_WEEK_BYTES,
            description="168 float32: mean log shape, hour of the local week, Monday 00:00 first",
        ),
    ]
    covariance: Annotated[
        bytes,
        Meta(
            min_length=_PAIR_BYTES,
            max_length=_PAIR_BYTES,
            description="300 float32: covariance of the hours of a day around its weekday's mean;"
            " the lower triangle, row by row",
        ),
    ]
    weeks: Annotated[float, Meta(ge=0.0, description="campaign-weeks behind the levels")] = 0.0
    levels: Annotated[
        Annotated[tuple[float, ...], _OF_THE_WEEK] | None,
        Meta(description="mean log spend of an hour of the weekday against the week, Monday first"),
    ] = None

    def _check(self) -> None:
        for field in ("mean", "covariance"):
            data = getattr(self, field)
            if not all(map(isfinite, struct.unpack(f"<{len(data) // 4}f", data))):
                raise SchemaError(field, Reason.NOT_FINITE, "must hold finite numbers alone")


_MOST_CONVERSIONS = 1e16
_BY_AGE = Meta(min_length=AGE_STEPS, max_length=AGE_STEPS)


class PooledDelay(Part, frozen=True, kw_only=True):
    """What closed days of the last four to eight weeks teach of how late conversions come.

    The arrays run over the steps of age of `schemas.shape.LateConversions`.
    """

    campaigns: Annotated[
        float, Meta(ge=0.0, le=MAX_COUNT, description="told of a day, in the mean")
    ]
    growth: Annotated[
        tuple[Annotated[float, Meta(ge=-_MOST_CONVERSIONS, le=_MOST_CONVERSIONS)], ...],
        _BY_AGE,
        Meta(description="conversions that came in less withdrawn ones"),
    ]
    level: Annotated[
        tuple[Annotated[float, Meta(ge=0.0, le=_MOST_CONVERSIONS)], ...],
        _BY_AGE,
        Meta(description="conversions meanwhile in hours seen through the whole step"),
    ]


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
    spend: Annotated[
        SpendDays | None, Meta(description="what closed days teach of the shape of spend")
    ] = None
    delay: Annotated[
        PooledDelay | None,
        Meta(description="what closed days teach of the delay of conversions"),
    ] = None
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
