"""What a campaign is advised on its bids when a day has closed, from what the archive keeps.

What campaigns teach each other of rates is learned once a day from all of the account: by the first
that is looked at. Each is then advised by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import msgspec

from schemas import Entity, Recommendation, parse_campaign_key
from schemas.topics import ACTIONS, BREAKDOWNS, RECOMMENDATIONS
from workers.adviser.archive import Archive, Bidding, Head, Said
from workers.adviser.bid_account import Account, Bidder, Standing
from workers.adviser.bid_choosing import chosen
from workers.adviser.bid_lessons import peers_of
from workers.adviser.bid_peers import Peers
from workers.adviser.bid_slices import delivered
from workers.adviser.bidding import advise_bids
from workers.adviser.draft import Draft
from workers.adviser.evidence import Evidence, columns_of
from workers.adviser.tables import peers_key
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written
from workers.instants import from_seconds

_OF_BIDS = "bid "
_ACTOR = "pacekeeper:adviser"


class KeptPeers(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What an account's campaigns taught each other, and on which local day they did."""

    day: int
    peers: Peers


@dataclass(frozen=True, slots=True, kw_only=True)
class Bids:
    """Advises on the bids of one campaign; ``evidence_of`` reads that of any of the account."""

    draft: Draft
    archive: Archive
    account: bytes
    campaign: bytes
    today: int
    evidence_of: Callable[[bytes], Evidence]

    def advise(self, head: Head, evidence: Evidence) -> dict[str, Said]:
        """Publish what is advised; return what was said, by ad set."""
        if head.bidding is None or head.currency not in (None, head.bidding.terms.currency):
            return {}
        if head.bidding.cut:
            # What is in force is no usual bid, and is taken back without this.
            return {}
        account = self._account([(self.campaign, head)], [evidence], head.closed)
        if not chosen(account, [0])[0]:
            return {}
        told = advise_bids(account, peers=self._peers(head.closed)).recommendations
        return {_said_key(each): self._publish(each) for each in told}

    def _account(
        self, heads: Sequence[tuple[bytes, Head]], several: Sequence[Evidence], now: int
    ) -> Account:
        topic = self.draft.policy.topic(BREAKDOWNS)
        return Account(
            bidders=tuple(
                replace(bidder_of(campaign, head, topic), as_told=told.as_told)
                for (campaign, head), told in zip(heads, several, strict=True)
            ),
            delivered=delivered([columns_of(each) for each in several]),
            now=from_seconds(now),
            model_version=self.draft.policy.model_version,
        )

    def _peers(self, now: int) -> Peers:
        key = peers_key(self.account)
        value = self.draft.read(key)
        kept = None if value is None else msgspec.msgpack.decode(value, type=KeptPeers)
        if kept is not None and kept.day >= self.today:
            return kept.peers
        campaigns = self.archive.campaigns(self.account)
        heads = [(each, self.archive.head(each)) for each in campaigns]
        several = [self.evidence_of(each) for each in campaigns]
        peers = peers_of(self._account(heads, several, now))
        self.draft.writes[key] = msgspec.msgpack.encode(KeptPeers(self.today, peers))
        return peers

    def _publish(self, advice: Recommendation) -> Said:
        at = int(advice.decided_at.timestamp())
        self.draft.publish(RECOMMENDATIONS, advice.key, written(advice, ADVICE_ID), at)
        self.draft.count("decisions", advice.kind.value)
        if advice.auto_execute:
            action = written(released(advice, _ACTOR), ACTION_ID)
            self.draft.publish(ACTIONS, advice.key, action, at)
            self.draft.count("actions", "policy")
        until = int(advice.expires_at.timestamp())
        return Said(self.today, f"bid {advice.entity_id}", advice.recommendation_id, until)


def bidder_of(campaign: bytes, head: Head, topic: str) -> Bidder:
    """Return a campaign as advice on bids knows it."""
    platform, account_id, campaign_id = parse_campaign_key(campaign)
    own = head.bidding
    return Bidder(
        platform=platform,
        account_id=account_id,
        campaign_id=campaign_id,
        terms=own.terms if own else None,
        standing=_standing(own) if own else {},
        multiplier=Decimal(own.multiplier) if own and own.multiplier else Decimal(1),
        learning=own.learning if own else False,
        previous={
            key.removeprefix(_OF_BIDS) or None: said.identity
            for key, said in head.said.items()
            if key.startswith(_OF_BIDS)
        },
        inputs={topic: head.offset},
    )


def _standing(own: Bidding) -> dict[str | None, Standing]:
    """Return bids in force: as the audit trail says they were set, or else as reports name them.

    Where an hourly multiplier moves the bid, what reports name is not the usual bid: without the
    multiplier that was in it, it says nothing, and it changes with every hour.
    """
    paced, standing = own.terms.paced, dict[str | None, Standing]()
    if own.bid is not None and (own.multiplier or not paced):
        changed = None if own.changed is None or paced else from_seconds(own.changed)
        standing[None] = Standing(bid=Decimal(own.bid), changed_at=changed)
    if not paced:
        for ad_set, bid in own.in_force.items():
            changed_at = standing[None].changed_at if None in standing else None
            standing[ad_set or None] = Standing(bid=Decimal(bid), changed_at=changed_at)
    return standing


def _said_key(advice: Recommendation) -> str:
    own = "" if advice.entity is Entity.CAMPAIGN else advice.entity_id
    return _OF_BIDS + own
