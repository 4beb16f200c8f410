"""From a losing segment to what people are told of it."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.arrays import Bools, Floats
from engine.intervals import LIKELY
from engine.segments import HALF
from schemas import Entity, Explanation, Impact, Kind, MoneyRange, Range
from schemas.levers import (
    AD_SET_BID_SHARE,
    DEVICE_BID_SHARE,
    PLACEMENT_BID_SHARE,
    SHARE_UNIT,
)
from workers.adviser.finding import HORIZON_DAYS, Finding, decimal, rounded
from workers.adviser.targeting import Look
from workers.chances import chance

FIELDS: Final = {
    "ad_set": AD_SET_BID_SHARE,
    "device": DEVICE_BID_SHARE,
    "placement": PLACEMENT_BID_SHARE,
}
_ENTITIES: Final = {"ad_set": Entity.AD_SET, "device": Entity.SEGMENT, "placement": Entity.SEGMENT}


class SegmentFinder:
    """Tells of the segments of one campaign."""

    def __init__(self, look: Look, others: Floats, days: int, currency: str) -> None:
        """Prepare to tell of ``days`` closed days; ``others`` are chances of other campaigns."""
        self._look, self._days, self._currency = look, days, currency
        self._lose: Bools = look.losing(others)
        self._tested = len(look.chances) + len(others)

    def finding(self) -> Finding | None:
        """Return the segment whose loss costs most, if any loses."""
        freed = np.where(self._lose, self._look.judged.freed, -1.0)
        if not (freed > 0.0).any():
            return None
        i = int(np.argmax(freed))
        judged, (dimension, name) = self._look.judged, self._look.names[i]
        share, sure = float(judged.share[i]), float(judged.chance[i])
        return Finding(
            kind=Kind.TARGETING,
            entity=_ENTITIES[dimension],
            entity_id=name,
            field=FIELDS[dimension],
            unit=SHARE_UNIT,
            verb="exclude" if share <= 0.0 else "lower",
            current=decimal(1.0, 2),
            recommended=decimal(share, 2),
            reasons=(self._loses(i), self._advised(i), *self._also(i), self._among()),
            impact=self._impact(i),
            sure=sure,
            size=rounded(judged.freed[i] / max(self._total_cost(i), 1e-9)),
        )

    def _total_cost(self, i: int) -> float:
        segments = self._look.segments
        return float(segments.cost[segments.dimension == segments.dimension[i]].sum())

    def _loses(self, i: int) -> Explanation:
        look, judged = self._look, self._look.judged
        dimension, name = look.names[i]
        against = "the target" if look.has_target else "the rest of the campaign"
        bought = f"{self._currency} of revenue" if look.by_value else "conversions"
        value, expected = float(look.segments.value[i]), float(look.expected[i])
        text = (
            f"{dimension.replace('_', ' ').capitalize()} {name} brought {value:,.1f} {bought} for "
            f"{look.spend[i]:,.2f} {self._currency} in {self._days} days, where {against} would "
            f"have brought {expected:,.1f}: with a chance of {chance(judged.chance[i])} it brings "
            f"less than half of that."
        )
        return Explanation(code="segment_loses", text=text, evidence=self._evidence(i))

    def _evidence(self, i: int) -> dict[str, str | int | float | bool]:
        look, judged = self._look, self._look.judged
        dimension, name = look.names[i]
        return {
            "dimension": dimension,
            "segment": name,
            "days": self._days,
            "spend": rounded(look.spend[i]),
            "mature_spend": rounded(look.segments.cost[i]),
            "conversions": rounded(look.conversions[i]),
            "value": rounded(look.segments.value[i]),
            "expected_value": rounded(look.expected[i]),
            "target_value_per_cost": rounded(judged.target[i]),
            "of_target_p10": rounded(judged.low[i]),
            "of_target_p50": rounded(judged.middle[i]),
            "of_target_p90": rounded(judged.high[i]),
            "below_share_of_target": HALF,
            "chance": rounded(judged.chance[i]),
        }

    def _advised(self, i: int) -> Explanation:
        judged, (_, name) = self._look.judged, self._look.names[i]
        share, high = float(judged.share[i]), float(judged.high[i])
        if share <= 0.0:
            text = (
                f"Exclude {name}: it brings {high:.0%} of what it should at most (9 of 10 times)."
            )
        else:
            text = f"Lower the bid for {name} to {share:.0%}: what its conversions are worth."
        evidence = {"share_of_bid": rounded(share), "of_target_p90": rounded(high)}
        return Explanation(code="segment_advice", text=text, evidence={**evidence})

    def _also(self, i: int) -> list[Explanation]:
        also = [each for each in np.flatnonzero(self._lose).tolist() if each != i]
        if not also:
            return []
        names = [f"{self._look.names[at][0]} {self._look.names[at][1]}" for at in also[:5]]
        text = f"Losing as well, and looked at again once this is done: {', '.join(names)}."
        return [Explanation(code="also_losing", text=text, evidence={"segments": len(also)})]

    def _among(self) -> Explanation:
        text = (
            f"{self._tested} segments of the account were tested together; of those that are said "
            f"to lose, one in ten at most does not."
        )
        return Explanation(code="tested_together", text=text, evidence={"tests": self._tested})

    def _impact(self, i: int) -> Impact:
        """Return what is won in the days ahead if the rest is bought for what is freed."""
        judged, look = self._look.judged, self._look
        mature = look.spend[i] / max(float(look.segments.cost[i]), 1e-9)
        scale = float(mature) * HORIZON_DAYS / max(self._days, 1)
        middle, deviation = float(judged.gain[i]), float(judged.gain_deviation[i])
        low, high = middle - LIKELY * deviation, middle + LIKELY * deviation
        told = [each * scale for each in (low, middle, high)]
        if self._look.by_value:
            p10, p50, p90 = (decimal(each, 2) for each in told)
            return Impact(revenue=MoneyRange(p10=p10, p50=p50, p90=p90))
        few, some, many = (rounded(each) for each in told)
        return Impact(conversions=Range(p10=few, p50=some, p90=many))
