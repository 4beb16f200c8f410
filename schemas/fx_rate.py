"""Exchange rates: what one currency is worth in another, so that groups may mix them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import CurrencyCode, Utc
from schemas.money import exponent_of
from schemas.record import Record

LARGEST_RATE = Decimal(10**9)
"""A rate lies between one over this and this: dearer and cheaper currencies do not exist."""


class FxRate(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one unit of ``base`` is worth in ``quote`` at an instant.

    The latest of a pair holds, whichever of the two is the base. An empty record withdraws it.
    """

    refuses_repeats: ClassVar[bool] = True

    base: CurrencyCode
    quote: CurrencyCode
    rate: Annotated[
        Decimal,
        Meta(
            description="units of quote for one unit of base; number or string, above 0, at most "
            "18 decimals"
        ),
    ]
    as_of: Annotated[Utc, Meta(description="when the rate was right")]
    source: Annotated[str, Meta(max_length=200, description="who says so, such as ECB")] = ""
    confirmed_by: Annotated[
        Annotated[str, Meta(min_length=1, max_length=200)] | None,
        Meta(description="person who has looked at a jump of the rate and knows it to be right"),
    ] = None

    @property
    def key(self) -> bytes:
        """Kafka key: both currencies in alphabetical order, ``/`` between them."""
        return pair_key(self.base, self.quote)

    def _check(self) -> None:
        for name in ("base", "quote"):
            _check_currency(getattr(self, name), name)
        if self.base == self.quote:
            detail = f"must be another currency than base, was {self.quote}"
            raise SchemaError("quote", Reason.CONTRADICTION, detail)
        if not 1 / LARGEST_RATE <= self.rate <= LARGEST_RATE:
            detail = f"must be above 0, from 1e-9 to 1e9, was {str(self.rate)[:40]}"
            raise SchemaError("rate", Reason.OUT_OF_RANGE, detail)


def pair_key(one: str, other: str) -> bytes:
    """Return the key of two currencies' rate; the codes must have been checked."""
    return "/".join(sorted((one, other))).encode()


def check_pair_key(key: bytes) -> None:
    """Raise `SchemaError` (``invalid_key``) unless a key names two currencies in order."""
    names = key.decode(errors="replace").split("/")
    try:
        for name in names:
            exponent_of(name)
    except SchemaError as error:
        raise SchemaError("key", Reason.INVALID_KEY, error.detail) from None
    if len(set(names)) != 2 or names != sorted(names):  # noqa: PLR2004 -- of a pair
        detail = f"must be two currencies in alphabetical order, as EUR/USD, was {key[:60]!r}"
        raise SchemaError("key", Reason.INVALID_KEY, detail)


def _check_currency(code: str, field: str) -> None:
    try:
        exponent_of(code)
    except SchemaError as error:
        raise SchemaError(field, error.reason, error.detail) from None
