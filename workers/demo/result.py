"""What a demo came to, as numbers, as one line of JSON, and as a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from schemas import Recommendation
from workers.demo.proposals import Rebalanced, by_device
from workers.demo.scorecard import Row
from workers.demo.trail import OnPlatforms


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What went over the topics."""

    events: int
    recommendations: int
    holds: dict[str, int]
    """Recommendations that were holds, by reason."""
    actions: int
    audit: dict[str, int]
    """Audit entries by status."""

    @property
    def audit_entries(self) -> int:
        """All audit entries."""
        return sum(self.audit.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a demo ended."""

    first_hour: datetime
    live_hours: int
    campaigns: int
    rows: Sequence[Row]
    counts: Counts
    chain_verified: bool
    seconds: float
    advice: Sequence[Recommendation] = ()
    """What people were advised on, or are to approve, first one first."""
    shared: Rebalanced | None = None
    """How a group's budget is to be split anew."""
    report: Path | None = None
    """The page about it."""
    lost_tracking: dict[str, Any] | None = None
    """What became of the tracking outage, as `workers.demo.lost_tracking` tells it."""
    platforms: OnPlatforms | None = None
    """What is on the platforms, where there were some."""

    @property
    def as_told(self) -> bool:
        """Return whether the chain holds, and platforms have what it says."""
        return self.chain_verified and not (self.platforms and self.platforms.differences)

    @property
    def days(self) -> int:
        """Campaign-days that ended while live."""
        return sum(row.days for row in self.rows)

    @property
    def conversions(self) -> tuple[int, int]:
        """Conversions of all accounts: with Pacekeeper, and with even hourly budgets."""
        return sum(r.conversions for r in self.rows), sum(r.conversions_even for r in self.rows)

    @property
    def pacing_error(self) -> tuple[float, float]:
        """Mean over campaign-days: with Pacekeeper, and with even hourly budgets."""
        days = max(self.days, 1)
        return (
            sum(row.pacing_error * row.days for row in self.rows) / days,
            sum(row.pacing_error_even * row.days for row in self.rows) / days,
        )

    @property
    def use(self) -> tuple[float, float]:
        """Share of budgets that was spent: with Pacekeeper, and with even hourly budgets.

        Of the sums in each currency, weighed by their days: as the report counts it.
        """
        sums: dict[str, list[Decimal]] = {}
        for row in self.rows:
            known = sums.setdefault(row.currency, [Decimal(0)] * 4)
            told = (Decimal(row.days), row.budget, row.spend, row.spend_even)
            sums[row.currency] = [a + b for a, b in zip(known, told, strict=True)]
        days = Decimal(max(self.days, 1))
        used, used_even = (
            sum((each[0] * each[at] / each[1] for each in sums.values() if each[1]), Decimal(0))
            for at in (2, 3)
        )
        return float(used / days), float(used_even / days)

    @property
    def uplift(self) -> float:
        """Conversions won over even hourly budgets, as a share of theirs."""
        with_us, even = self.conversions
        return with_us / even - 1.0 if even else 0.0

    def sentence(self) -> str:
        """Return what the numbers mean."""
        (error, error_even), (used, _) = self.pacing_error, self.use
        with_us, even = self.conversions
        more = "more" if with_us >= even else "fewer"
        return (
            f"Pacekeeper spent {used:.1%} of the budgets of the {self.days} campaign-days that "
            f"ended, {error:.2%} off a day (even hourly budgets: {error_even:.2%}), and in the "
            f"very same auctions it won {with_us:,} conversions where even budgets won {even:,}: "
            f"{abs(self.uplift):.1%} {more}."
        )

    def facts(self) -> dict[str, Any]:
        """Return everything as values that JSON can hold; money as strings."""
        return {
            "first_hour": self.first_hour,
            "live_hours": self.live_hours,
            "campaigns": self.campaigns,
            "accounts": self.rows,
            "campaign_days": self.days,
            "budget_used": self.use[0],
            "budget_used_even": self.use[1],
            "pacing_error": self.pacing_error[0],
            "pacing_error_even": self.pacing_error[1],
            "conversions": self.conversions[0],
            "conversions_even": self.conversions[1],
            "uplift": self.uplift,
            "events_in": self.counts.events,
            "recommendations": self.counts.recommendations,
            "holds": self.counts.holds,
            "actions": self.counts.actions,
            "audit_entries": self.counts.audit_entries,
            "audit": self.counts.audit,
            "advice": [_told(each) for each in self.advice],
            "budget_group": self.shared.facts() if self.shared else None,
            "tracking_outage": self.lost_tracking,
            **({"platforms": self.platforms.facts()} if self.platforms else {}),
            "chain_verified": self.chain_verified,
            "seconds": round(self.seconds, 1),
            "report": str(self.report) if self.report else None,
        }


def _told(advice: Recommendation) -> dict[str, Any]:
    return {
        "recommendation_id": advice.recommendation_id,
        "campaign": advice.key.decode(),
        "kind": advice.kind,
        "entity": advice.entity_id,
        "field": advice.field,
        "current_value": None if advice.current_value is None else str(advice.current_value),
        "recommended_value": str(advice.recommended_value),
        "by_device": by_device(advice),
        "confidence": advice.confidence,
        "why": advice.reasons[0].text,
    }
