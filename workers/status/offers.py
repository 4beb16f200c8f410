"""Advice that is open: what it would bring, as long as nobody has followed it and it is valid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import AuditEntry, AuditStatus, CampaignKey, Kind, Recommendation
from schemas.audit import FOLLOWED

_DAY = 86_400.0


class Offer(NamedTuple):
    """One piece of open advice, and what it is expected to bring a day."""

    advice: Recommendation
    conversions: float | None
    revenue: float | None


@dataclass(slots=True)
class Offers:
    """Takes recommendations, and audit entries that say which were followed."""

    _latest: dict[tuple[CampaignKey, str], Recommendation] = field(default_factory=dict)
    """The newest advice on each field of a campaign, or the hold that took its place."""
    _followed: set[str] = field(default_factory=set)

    def add(self, recommendations: Iterable[Recommendation]) -> None:
        """Take in recommendations, in any order."""
        for advice in recommendations:
            if advice.field is None or (advice.kind is not Kind.HOLD and not _brings(advice)):
                continue
            key = CampaignKey(advice.platform, advice.account_id, advice.campaign_id)
            known = self._latest.get((key, advice.field))
            if known is None or _order(advice) >= _order(known):
                self._latest[key, advice.field] = advice

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Take in what became of them, in the order of the trail."""
        for entry in entries:
            if entry.recommendation_id is None or entry.is_of_part:
                continue
            if entry.status in FOLLOWED:
                self._followed.add(entry.recommendation_id)
            elif entry.status is AuditStatus.ROLLED_BACK:
                self._followed.discard(entry.recommendation_id)

    def open(self, key: CampaignKey, as_of: int) -> Iterator[Offer]:
        """Yield a campaign's advice that is valid at a time and not followed, by its field."""
        for (owner, _), advice in sorted(self._latest.items(), key=lambda item: item[0]):
            open_still = advice.kind is not Kind.HOLD and as_of < advice.expires_at.timestamp()
            if owner == key and open_still and advice.recommendation_id not in self._followed:
                yield _offer(advice)


def _brings(advice: Recommendation) -> bool:
    impact = advice.expected_impact
    return impact is not None and (impact.conversions is not None or impact.revenue is not None)


def _order(advice: Recommendation) -> tuple[float, str]:
    return advice.decided_at.timestamp(), advice.recommendation_id


def _offer(advice: Recommendation) -> Offer:
    impact = advice.expected_impact
    seconds = advice.expires_at.timestamp() - advice.valid_from.timestamp()
    days = max(round(seconds / _DAY), 1)
    won = impact.conversions if impact else None
    earned = impact.revenue if impact else None
    return Offer(
        advice=advice,
        conversions=won.p50 / days if won else None,
        revenue=float(earned.p50) / days if earned else None,
    )
