"""What the scorer's tables hold, and the keys of it. Rows are MessagePack, tagged by layout."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from typing import Final, TypeVar

import msgspec

PLANS: Final = "plans"
RECOMMENDATIONS: Final = "recommendations"
AUDIT: Final = "audit"
METRICS: Final = "metrics"
TICKS: Final = "ticks"

CLOCK: Final = b"\0clock"
"""Key of the latest time that an agent's topic told, 8 bytes, seconds; no campaign begins so."""

Percentiles = tuple[Decimal, Decimal, Decimal]


class Row(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """A value of a table. ``tag`` is the layout's version."""


RowT = TypeVar("RowT", bound=Row)


class Terms(msgspec.Struct, frozen=True, array_like=True):
    """What one version of a plan says of its period; ``since`` is when it was published."""

    since: int
    timezone: str
    period: str
    first: str = ""
    last: str = ""
    """Days of the flight, ISO 8601; empty where it is open."""


class PlanRow(Row, frozen=True, array_like=True):
    """The versions of a campaign's plan that are still asked about."""

    versions: dict[int, Terms] = msgspec.field(default_factory=dict)


class Noted(msgspec.Struct, frozen=True, array_like=True):
    """What of a `Projection` says how long it is kept; times in seconds."""

    id: bytes
    kind: str
    field: str
    currency: str
    hour: int
    valid_from: int
    expires: int
    day_end: int
    """End of the local day that it is about; 0 for advice that is not one of a day's many."""


class Projection(Noted, frozen=True, array_like=True):
    """What one recommendation projected."""

    plan_version: int
    confidence: float
    ranges: dict[str, Percentiles]
    """By the name of the number: ``spend`` of the plan's period, or what a change brings."""
    price: float | None = None
    """What a unit of money brings elsewhere, where the advice says it."""
    by_value: bool = False
    """Whether that is revenue."""

    @property
    def is_daily(self) -> bool:
        """Whether it is one of many of a local day, of which one is scored."""
        return self.day_end > 0


class Projections(Row, frozen=True, array_like=True):
    """The advice of one campaign, or of one local day of it, in the order of its hours."""

    kept: tuple[Projection, ...] = ()
    days: tuple[int, ...] = ()
    """Of a campaign: the ends of local days whose advice has rows of its own, in order."""


class StoredDay(Row, frozen=True, array_like=True):
    """`Projections` of a local day as they are stored: those that stay are not written anew."""

    kept: tuple[msgspec.Raw, ...] = ()
    days: tuple[int, ...] = ()


class Change(msgspec.Struct, frozen=True, array_like=True):
    """A moment at which a field was given another value, or its old one back."""

    at: int
    field: str
    recommendation: bytes


class AuditRow(Row, frozen=True, array_like=True):
    """What the audit trail says of one campaign."""

    applied: dict[bytes, int] = msgspec.field(default_factory=dict)
    """When recommendations took effect, seconds."""
    changes: tuple[Change, ...] = ()
    """Of fields that are not set anew every hour."""


class Hour(msgspec.Struct, frozen=True, array_like=True):
    """What is known of one hour."""

    sequence: int
    is_delta: bool
    spend: Decimal
    conversions: Decimal
    revenue: Decimal
    age: int
    """Hours since its end when it was told last."""
    counted: tuple[bytes, ...] = ()
    """Digests of the deltas that were added."""


class DayRow(Row, frozen=True, array_like=True):
    """The hours of a UTC day, by the second at which they begin."""

    hours: dict[int, Hour] = msgspec.field(default_factory=dict)


class CampaignRow(Row, frozen=True, array_like=True):
    """What is known of a campaign's reports beside its hours."""

    days: tuple[int, ...] = ()
    """UTC days that are kept, since 1970-01-01, in order."""
    growth: tuple[int, ...] = ()
    level: tuple[int, ...] = ()
    """What hours told again teach of the delay of conversions, thousandths, by step of age."""
    currency: str = ""
    """The one that reports named first: what is in another one is not counted."""


class ToldOutcome(msgspec.Struct, frozen=True, array_like=True):
    """The outcome that was told last of a recommendation and horizon."""

    version: int
    digest: bytes
    seen: bytes
    """Digest of what it was reckoned from."""
    provisional: bool
    """Whether the same may come to something else as hours grow older."""


class ScoredRow(Row, frozen=True, array_like=True):
    """What was told of a campaign's advice, and when it is to be looked at again, seconds."""

    next_look: int = 0
    told: dict[bytes, ToldOutcome] = msgspec.field(default_factory=dict)


def day_key(campaign: bytes, day: int) -> bytes:
    """Return the key of a campaign's hours of a UTC day, or of the advice of a local one.

    ``day`` is its number or its end; no campaign's key has a zero byte.
    """
    return campaign + b"\0" + day.to_bytes(4, "big")


def outcome_key(recommendation: bytes, horizon: int) -> bytes:
    """Return the key of one outcome in `ScoredRow.told`."""
    return recommendation + horizon.to_bytes(2, "big")


def pack(row: Row) -> bytes:
    """Return the row's bytes."""
    return msgspec.msgpack.encode(row)


def stored(projection: Projection) -> msgspec.Raw:
    """Return a projection as it is stored."""
    return msgspec.Raw(msgspec.msgpack.encode(projection))


def noted(projection: msgspec.Raw) -> Noted:
    """Read what of a stored projection says how long it is kept."""
    return _NOTED.decode(projection)


def unpack(data: bytes | None, kind: type[RowT]) -> RowT:
    """Read a row; None is the empty one."""
    return kind() if data is None else _decoder(kind).decode(data)


def pack_look(row: ScoredRow) -> bytes:
    """Return the row's bytes behind when it is to be looked at: of the others no more is read."""
    return row.next_look.to_bytes(8, "big") + pack(row)


def unpack_look(data: bytes | None) -> ScoredRow:
    """Read what `pack_look` has written; None is the empty row."""
    return unpack(None if data is None else data[8:], ScoredRow)


def look_in(data: bytes | None) -> int:
    """Return when a campaign is to be looked at."""
    return int.from_bytes((data or b"")[:8], "big")


def clock_in(data: bytes | None) -> int:
    """Return the time under `CLOCK`; 0 before the first."""
    return int.from_bytes(data or b"", "big")


_NOTED: Final = msgspec.msgpack.Decoder(Noted)


@cache
def _decoder(kind: type[RowT]) -> msgspec.msgpack.Decoder[RowT]:
    return msgspec.msgpack.Decoder(kind)
