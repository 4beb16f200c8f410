"""What a campaign is advised when a day of it has closed: at most one segment and one ad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import numpy as np

from engine.arrays import Floats
from schemas import Aims, Kind, SchemaError, Status, parse_campaign_key
from schemas.topics import RECOMMENDATIONS
from workers.adviser import creative_advice, targeting_advice
from workers.adviser.archive import Archive, Head, Said
from workers.adviser.bids import Bids
from workers.adviser.creative import Unit, compares, shown_most, units_of
from workers.adviser.draft import Draft
from workers.adviser.evidence import Evidence, evidence_of
from workers.adviser.finding import HORIZON_DAYS, Finding
from workers.adviser.recommending import Occasion, recommended
from workers.adviser.targeting import Look, look
from workers.adviser.telling import Telling
from workers.allocator.releasing import ADVICE_ID, written

AGAIN_AFTER: Final = HORIZON_DAYS
"""Days after which the same advice is given again."""


def advise(
    draft: Draft, archive: Archive, telling: Telling, names: tuple[bytes, bytes], today: int
) -> None:
    """Look at a campaign, tell what is to be told, and keep what its peers need of it.

    ``telling`` says of the account's hours which share of their conversions is told by age.
    ``names`` are the keys of the account and of the campaign. What the account's other campaigns
    are known by is from when each was looked at last.
    """
    account, campaign = names
    others = [archive.head(each) for each in archive.campaigns(account) if each != campaign]
    head, days = archive.head(campaign), archive.days(campaign)
    evidence = evidence_of(days, telling, head.closed)
    found = _Findings(head, evidence, others, today)
    told = tuple(found.all(parse_campaign_key(campaign).campaign_id))
    occasion = Occasion(campaign=campaign, head=head, today=today)
    bids = Bids(
        draft=draft,
        archive=archive,
        account=account,
        campaign=campaign,
        today=today,
        evidence_of=lambda each: evidence_of(
            archive.days(each), telling, archive.head(each).closed
        ),
    )
    said = {
        **head.said,
        **dict(_publish(draft, occasion, told)),
        **bids.advise(head, evidence),
    }
    refreshed = msgspec.structs.replace(
        head, advised=today, said=said, chances=found.chances, shown=shown_most(found.own.units)
    )
    archive.put_head(campaign, refreshed)


def _publish(
    draft: Draft, occasion: Occasion, told: Sequence[Finding]
) -> Iterator[tuple[str, Said]]:
    """Publish what was not said lately; yield what has now been said, by kind."""
    for finding in told:
        before = occasion.head.said.get(finding.kind.value)
        lately = before is not None and occasion.today - before.day < AGAIN_AFTER
        if before is not None and lately and before.what == finding.what:
            continue
        try:
            advice = recommended(draft.policy, occasion, finding)
        except SchemaError:
            # Each count was fine by itself: what they come to must not stop the others.
            draft.count("ignored", draft.policy.topic(RECOMMENDATIONS), "cannot_be_written")
            continue
        value = written(advice, ADVICE_ID)
        draft.publish(RECOMMENDATIONS, advice.key, value, occasion.head.closed)
        draft.count("decisions", advice.kind.value)
        until = int(advice.expires_at.timestamp())
        identity = advice.recommendation_id
        yield finding.kind.value, Said(occasion.today, finding.what, identity, until)


class _Findings:
    """What is found of one campaign."""

    def __init__(self, head: Head, evidence: Evidence, others: Sequence[Head], today: int) -> None:
        self._head, self._others = head, others
        peers: list[Unit] = [unit for each in others for unit in each.shown]
        self.own = units_of(evidence, today)
        self._compares = compares(self.own, peers)
        aims = self._open(head)
        self._look: Look | None = None if aims is None else look(evidence, aims)
        targeting = () if self._look is None else self._look.chances
        self.chances = {
            Kind.TARGETING.value: targeting,
            Kind.CREATIVE.value: self._compares.chances,
        }

    def all(self, campaign_id: str) -> Iterator[Finding]:
        """Yield what people are to be told: surely enough for the plan, and one of each kind."""
        aims = self._open(self._head)
        if aims is None:
            return
        days = len(self._head.days)
        found = [
            creative_advice.AdFinder(
                self._compares, self._chances(Kind.CREATIVE), campaign_id, days
            ).finding()
        ]
        if self._look is not None:
            others = self._chances(Kind.TARGETING)
            told = targeting_advice.SegmentFinder(self._look, others, days, aims.currency)
            found.append(told.finding())
        yield from (each for each in found if each is not None and each.sure >= aims.min_confidence)

    def _chances(self, kind: Kind) -> Floats:
        """Return the chances of what was tested of the account's other campaigns."""
        told = [chance for each in self._others for chance in each.chances.get(kind.value, ())]
        return np.array(told, dtype=np.float64)

    @staticmethod
    def _open(head: Head) -> Aims | None:
        """Return the plan's aims, if it is one to be worked on, in the money of the reports."""
        aims = head.aims
        if aims is None or aims.status is not Status.ACTIVE:
            return None
        return aims if head.currency in (None, aims.currency) else None
