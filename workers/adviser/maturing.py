"""How late a campaign's conversions come, as far as its account, platform and all others teach."""

from __future__ import annotations

from engine.delay import Maturity, mature, no_delays
from schemas import parse_campaign_key
from schemas.topics import PRIORS
from workers.adviser.books import Books
from workers.adviser.draft import Draft


def maturity_of(draft: Draft, books: Books, campaign: bytes) -> Maturity:
    """Return how mature hours of one campaign are by age."""
    platform, account_id, _ = parse_campaign_key(campaign)
    told = draft.view.broadcast(draft.policy.topic(PRIORS))
    return mature(no_delays(1), books.delays.taught(told, [(platform, account_id)]))
