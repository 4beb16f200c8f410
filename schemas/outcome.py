"""Outcomes: what became of advice that was followed, held against what it had projected."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.fields import Code, CurrencyCode, Digest, Ratio, Text, Utc, Version, VersionUsed
from schemas.money import MAX_TOTAL
from schemas.recommendation import Kind
from schemas.record import CampaignRecord, Part, refuse_unordered, require

Number = Annotated[
    Decimal,
    Meta(description="in the account's currency, a count or a ratio; at most 18 decimals"),
]


class Verdict(StrEnum):
    """How what came stands to what was projected."""

    AS_PROJECTED = "as_projected"
    """Within the interval, its ends included."""
    MORE = "more"
    LESS = "less"
    OVERTAKEN = "overtaken"
    """Something else took its place before there was anything to be held against it."""


class Measured(Part, frozen=True, kw_only=True):
    """One number: what was projected of it, and what came."""

    _largest: ClassVar[Decimal] = Decimal(MAX_TOTAL)

    p10: Number
    p50: Number
    p90: Number
    realised: Number
    """Of conversions and what follows from them: with those counted in that are still to come."""
    error_pct: Annotated[float, Meta(description="of p50; missing where that is 0")] | None = None
    verdict: Verdict


class Outcome(CampaignRecord, frozen=True, kw_only=True):
    """What became of one recommendation within so many days of its taking effect.

    The highest version of a recommendation and horizon counts. The measured stretch is the part of
    what was projected that had passed by then, and in which nothing else took its place. A
    ``provisional`` one changes yet: conversions are still to come, or hours are not reported.
    """

    _largest: ClassVar[Decimal] = Decimal(MAX_TOTAL)

    recommendation_id: Digest
    kind: Kind
    field: Code
    horizon_days: Annotated[int, Meta(ge=1, le=365)]
    version: Version
    verdict: Verdict
    measure: Annotated[Code, Meta(description="which number the verdict is by")] | None = None
    text: Text
    provisional: bool = False
    confidence: Ratio = 0.0
    currency: CurrencyCode | None = None
    plan_version: VersionUsed = 0
    effective_from: Annotated[Utc, Meta(description="it was applied, and its time had come")]
    measured_from: Utc | None = None
    measured_until: Utc | None = None
    hours_missing: Annotated[int, Meta(ge=0, le=2**31)] = 0
    """Hours of the stretch that nobody has reported."""
    reported_spend: Number | None = None
    """These three are plain sums over the stretch, as reported by ``told_at``."""
    reported_conversions: Number | None = None
    reported_revenue: Number | None = None
    maturity: (
        Annotated[float, Meta(ge=0.0, le=2.0, description="share of conversions reported")] | None
    ) = None
    spend: Measured | None = None
    conversions: Measured | None = None
    revenue: Measured | None = None
    roas: Measured | None = None
    cpa: Measured | None = None
    gain: (
        Annotated[
            Decimal,
            Meta(
                description="value more than in as long a stretch before, less what the spend "
                "that came on top is worth elsewhere; above 0 the advice gained"
            ),
        ]
        | None
    ) = None
    told_at: Utc

    def _check(self) -> None:
        super()._check()
        if self.verdict is not Verdict.OVERTAKEN:
            names = ("measure", "measured_from", "measured_until", "reported_spend")
            require(self, names, "where something was measured")
        refuse_unordered(
            ("measured_from", "measured_until"), self.measured_from, self.measured_until
        )
