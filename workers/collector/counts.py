"""The five numbers that a platform tells of a stretch of time, added and divided exactly."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from schemas.metrics import Breakdown, MetricsEvent
from workers.connectors.protocol import Performance

_FINEST: Final = Decimal("0.000001")
"""What shares of amounts and conversions are rounded to; the last share takes the rest."""


class Counts(NamedTuple):
    """Amounts are in the account's currency."""

    impressions: int
    clicks: int
    spend: Decimal
    conversions: Decimal
    revenue: Decimal

    @classmethod
    def of(cls, told: Performance | MetricsEvent | Breakdown) -> Counts:
        """Return the numbers of a row or a record."""
        return cls(told.impressions, told.clicks, told.spend, told.conversions, told.revenue)

    def plus(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(
            self.impressions + other.impressions,
            self.clicks + other.clicks,
            self.spend + other.spend,
            self.conversions + other.conversions,
            self.revenue + other.revenue,
        )

    def minus(self, other: Counts) -> Counts:
        """Return the differences, which may be negative."""
        return Counts(
            self.impressions - other.impressions,
            self.clicks - other.clicks,
            self.spend - other.spend,
            self.conversions - other.conversions,
            self.revenue - other.revenue,
        )

    def above_zero(self) -> Counts:
        """Return each number, or 0 where it is below."""
        zero = Decimal(0)
        return Counts(
            max(self.impressions, 0),
            max(self.clicks, 0),
            max(self.spend, zero),
            max(self.conversions, zero),
            max(self.revenue, zero),
        )

    def share(self, part: Fraction) -> Counts:
        """Return a share, 0 to 1, rounded towards zero: whole counts, amounts to six decimals."""

        def amount(whole: Decimal) -> Decimal:
            return (whole * part.numerator / part.denominator).quantize(_FINEST, ROUND_DOWN)

        return Counts(
            int(self.impressions * part),
            int(self.clicks * part),
            amount(self.spend),
            amount(self.conversions),
            amount(self.revenue),
        )


NOTHING: Final = Counts(0, 0, Decimal(0), Decimal(0), Decimal(0))


def total(many: Iterable[Counts]) -> Counts:
    """Return the sum of many."""
    found = NOTHING
    for each in many:
        found = found.plus(each)
    return found
