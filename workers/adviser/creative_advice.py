"""From ads that are clicked on too little to what people are told of them."""

from __future__ import annotations

import numpy as np

from engine.arrays import Bools, Floats
from engine.creatives import PERIOD, WEAK, Compared
from schemas import Entity, Explanation, Impact, Kind, Range
from schemas.levers import CLICK_RATE, RATE_UNIT
from workers.adviser.creative import AD_SET, Compares
from workers.adviser.finding import HORIZON_DAYS, Finding, decimal, rounded
from workers.chances import chance


class AdFinder:
    """Tells of the ads of one campaign."""

    def __init__(self, found: Compares, others: Floats, campaign_id: str, days: int) -> None:
        """Prepare to tell of ``days`` closed days; ``others`` are chances of other campaigns."""
        self._found, self._campaign, self._days = found, campaign_id, days
        self._weak, self._tired = found.weak(others)
        self._tested = len(found.chances) + len(others)

    def finding(self) -> Finding | None:
        """Return the unit that misses most clicks, if any is weak or tired."""
        missed = [
            _missed(self._found.peers, self._weak),
            _missed(self._found.own.tired, self._tired),
        ]
        if not max(each.max(initial=0.0) for each in missed) > 0.0:
            return None
        tired = bool(missed[1].max() > missed[0].max())
        compared = self._found.own.tired if tired else self._found.peers
        i = int(np.argmax(missed[tired]))
        return self._told(i, compared, tired=tired)

    def _told(self, i: int, compared: Compared, *, tired: bool) -> Finding:
        kind, name, *_ = self._found.own.units[i]
        impressions, clicks = self._found.own.totals[i].tolist()
        rate = clicks / max(impressions, 1.0)
        reasons = self._fading(i, compared) if tired else self._below_peers(i, compared)
        wanted = rate / max(float(compared.middle[i]), 1e-9)
        return Finding(
            kind=Kind.CREATIVE,
            entity=Entity.AD_SET if kind == AD_SET else Entity.CAMPAIGN,
            entity_id=name or self._campaign,
            field=CLICK_RATE,
            unit=RATE_UNIT,
            verb="rotate",
            # More clicks than impressions are no rate.
            current=decimal(min(rate, 1.0)),
            recommended=decimal(min(wanted, 1.0)),
            reasons=(reasons, _advised(), self._among()),
            impact=self._impact(i, compared),
            sure=float(compared.chance[i]),
            size=self._size(i, compared),
        )

    def _size(self, i: int, compared: Compared) -> float:
        """Return which share of the campaign's clicks is missed."""
        all_clicks = max(float(self._found.own.totals[0, 1]), 1.0)
        return rounded(min(float(_missed(compared, compared.tested)[i]) / all_clicks, 1.0))

    def _below_peers(self, i: int, compared: Compared) -> Explanation:
        clicks, peers = self._found.own.totals[i, 1], int(self._found.peer_count[i])
        text = (
            f"{self._name(i)} was clicked on {clicks:,.0f} times in {self._days} days; the ads "
            f"of {peers} peers in the account would have been {compared.expected[i]:,.0f} times "
            f"on the same devices and placements: {compared.middle[i]:.0%} of that, and with a "
            f"chance of {chance(compared.chance[i])} less than {WEAK:.0%}."
        )
        evidence = {**self._evidence(i, compared), "peers": peers}
        return Explanation(code="clicked_less_than_peers", text=text, evidence=evidence)

    def _fading(self, i: int, compared: Compared) -> Explanation:
        text = (
            f"{self._name(i)} is clicked on less than it was: its last {PERIOD} days have "
            f"{compared.middle[i]:.0%} of the click rate of its first {PERIOD}, at a like number "
            f"of impressions; with a chance of {chance(compared.chance[i])} less than {WEAK:.0%}."
        )
        evidence = {**self._evidence(i, compared), "compared_days": PERIOD}
        return Explanation(code="clicked_less_than_before", text=text, evidence=evidence)

    def _evidence(self, i: int, compared: Compared) -> dict[str, str | int | float | bool]:
        impressions, clicks = self._found.own.totals[i].tolist()
        return {
            "days": self._days,
            "impressions": rounded(impressions),
            "clicks": rounded(clicks),
            "expected_clicks": rounded(compared.expected[i]),
            "ratio_p10": rounded(compared.low[i]),
            "ratio_p50": rounded(compared.middle[i]),
            "ratio_p90": rounded(compared.high[i]),
            "below_share": WEAK,
            "chance": rounded(compared.chance[i]),
        }

    def _name(self, i: int) -> str:
        kind, name, *_ = self._found.own.units[i]
        return f"Ad set {name}" if kind == AD_SET else "The campaign"

    def _among(self) -> Explanation:
        text = (
            f"{self._tested} comparisons of the account were made together; of those that are said "
            f"to be weak, one in ten at most is not."
        )
        return Explanation(code="tested_together", text=text, evidence={"tests": self._tested})

    def _impact(self, i: int, compared: Compared) -> Impact:
        """Return conversions more at the same impressions, if clicks convert as they did."""
        scale = float(self._found.own.conversions[i]) * HORIZON_DAYS / max(self._days, 1)
        ratios = (float(each[i]) for each in (compared.high, compared.middle, compared.low))
        few, some, many = (rounded(scale * max(1.0 / max(r, 1e-3) - 1.0, 0.0)) for r in ratios)
        return Impact(conversions=Range(p10=few, p50=some, p90=many))


def _advised() -> Explanation:
    text = "Rotate the creatives: pause the ads that run longest, and try new ones against them."
    return Explanation(code="rotate_creatives", text=text)


def _missed(compared: Compared, chosen: Bools) -> Floats:
    """Return the clicks that chosen units miss, 0 of the others."""
    return np.where(chosen, compared.expected * np.maximum(1.0 - compared.middle, 0.0), 0.0)
