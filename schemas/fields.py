"""The vocabulary of fields that records share: types with their unit and range."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

MAX_COUNT = 10**12
"""Largest count that one record may carry."""

MAX_NAME_BYTES = 128
"""Longest part of a campaign key, in UTF-8 bytes."""

FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Years that a time on the wire may lie in; the last one is excluded."""

Utc = Annotated[datetime, Meta(tz=True, description="RFC 3339 time with a zone; written in UTC")]

KeyName = Annotated[
    str,
    Meta(
        description="part of the campaign key: printable, at most 128 bytes in UTF-8",
        extra_json_schema={"minLength": 1, "maxLength": MAX_NAME_BYTES},
    ),
]
"""Checked by `schemas.keys.check_names`, which knows what a key may hold."""

Platform = Annotated[
    str,
    Meta(
        description="advertising platform in lower case: google, meta, linkedin, amazon, ...",
        extra_json_schema={"minLength": 1, "maxLength": MAX_NAME_BYTES},
    ),
]

Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_BYTES)]

CurrencyCode = Annotated[
    str,
    Meta(
        description="ISO 4217 code, such as EUR",
        extra_json_schema={"pattern": "^[A-Z]{3}$"},
    ),
]

TimezoneName = Annotated[
    str,
    Meta(
        description="IANA time zone, such as Europe/Berlin",
        extra_json_schema={"minLength": 1},
    ),
]

Amount = Annotated[
    Decimal,
    Meta(
        description="amount in the account's currency; number or string, at most 18 decimals",
    ),
]

HorizonDays = Annotated[
    int,
    Meta(ge=1, le=730, description="days after the click by which revenue counts for target_roas"),
]
Ratio = Annotated[float, Meta(ge=0.0, le=1.0)]

Conversions = Annotated[float, Meta(ge=0.0, le=float(MAX_COUNT))]
"""How many, whole or expected. Types that differ only in ``1`` and ``1.0`` are one to Python: whose
bounds a schema shows would depend on which was met first."""

Digest = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", description="BLAKE2b-128, hexadecimal")]

Text = Annotated[str, Meta(max_length=2000)]

Code = Annotated[
    str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$", description="short machine-readable code")
]

Version = Annotated[int, Meta(ge=1, le=2**53, description="grows with each change")]

VersionUsed = Annotated[
    int, Meta(ge=0, le=2**53, description="version that was gone by; 0 is none")
]


class Entity(StrEnum):
    """What a recommendation or a change is about."""

    CAMPAIGN = "campaign"
    AD_SET = "ad_set"
    SEGMENT = "segment"
    BUDGET_GROUP = "budget_group"


class Objective(StrEnum):
    """What the money is to buy."""

    CONVERSIONS = "conversions"
    VALUE = "value"


class BudgetPeriod(StrEnum):
    """The stretch of account-local time that a budget is for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    FLIGHT = "flight"


class Autonomy(StrEnum):
    """How far Pacekeeper may go by itself: watch, propose to a person, or act."""

    OBSERVE = "observe"
    PROPOSE = "propose"
    AUTO = "auto"


class Cadence(StrEnum):
    """How often budgets are shared out anew."""

    DAILY = "daily"
    WEEKLY = "weekly"


class Status(StrEnum):
    """Whether a plan or a group is to be worked on."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"
