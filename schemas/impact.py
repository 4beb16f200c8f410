"""Uncertain numbers, and what following advice is expected to bring in them."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.fields import Amount
from schemas.money import MAX_TOTAL
from schemas.record import Part


class MoneyRange(Part, frozen=True, kw_only=True):
    """An uncertain amount: 10th, 50th and 90th percentile."""

    _largest: ClassVar[Decimal] = Decimal(MAX_TOTAL)

    p10: Amount
    p50: Amount
    p90: Amount


class Range(Part, frozen=True, kw_only=True):
    """An uncertain number: 10th, 50th and 90th percentile."""

    p10: float
    p50: float
    p90: float


class Impact(Part, frozen=True, kw_only=True):
    """What following the advice is expected to bring until ``expires_at``."""

    revenue: MoneyRange | None = None
    conversions: Range | None = None
    roas: Range | None = None
    cpa: MoneyRange | None = None
    gain: (
        Annotated[
            MoneyRange,
            Meta(
                description="what conversions may cost by the target less what is spent, above "
                "what leaving all as it is would bring"
            ),
        ]
        | None
    ) = None
