"""Suspicions: what a campaign's hours say of whether its conversions are still counted."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.fields import Conversions, Utc
from schemas.keys import account_key
from schemas.record import CampaignRecord, refuse_unordered

Evidence = Annotated[
    float, Meta(ge=0.0, le=1e9, description="log likelihood ratio; exp(-it) bounds its chance")
]


class Suspicion(CampaignRecord, frozen=True, kw_only=True):
    """The likeliest outage of tracking among a campaign's hours since ``judged_from``.

    The latest record of a campaign counts. Small evidence says that nothing is wrong.
    """

    evidence: Evidence
    evidence_now: Evidence = 0.0
    """For one that goes on in the newest hour."""
    since: Utc
    """First hour of it."""
    since_now: Utc | None = None
    """First hour of the one that goes on, where there is some evidence of one."""
    until: Utc | None = None
    """End of its last hour, when conversions are back."""
    expected: Conversions
    counted: Conversions
    judged_from: Utc
    told_at: Utc

    @property
    def key(self) -> bytes:
        """Kafka key: the account's."""
        return account_key(self.platform, self.account_id)

    def _check(self) -> None:
        super()._check()
        refuse_unordered(("judged_from", "since"), self.judged_from, self.since)
        if self.since_now is not None:
            refuse_unordered(("judged_from", "since_now"), self.judged_from, self.since_now)
            refuse_unordered(("since_now", "told_at"), self.since_now, self.told_at)
