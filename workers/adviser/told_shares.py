"""How late conversions come, as a closed day carries it to whoever advises on it.

What others have taught of delays changes from hour to hour and only its latest state is kept. So a
day takes along what was known when it was told, and what is advised follows from days alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.delay import AGES, MOST_MATURE, Maturity
from schemas import CampaignKey
from schemas.topics import PRIORS
from workers.adviser.books import Books
from workers.adviser.draft import Draft
from workers.adviser.maturing import maturity_of

_FIGURES: Final = 6
_LEAST: Final = 1e-9


def told_by_age(draft: Draft, books: Books, campaign: CampaignKey) -> tuple[float, ...]:
    """Return which share of its conversions an hour of a campaign has told at each of `AGES`."""
    logs = maturity_of(draft, books, bytes(campaign)).logs[0]
    shares = np.clip(np.exp(logs), _LEAST, MOST_MATURE)
    return tuple(float(f"{each:.{_FIGURES}g}") for each in shares.tolist())


def delays_taught(draft: Draft, books: Books, campaign: CampaignKey) -> bool:
    """Return whether anybody has taught how late a campaign's conversions come."""
    told = draft.view.broadcast(draft.policy.topic(PRIORS))
    return bool(books.delays.known(told, [(campaign.platform, campaign.account_id)])[0])


def told_maturity(
    draft: Draft, books: Books, campaign: CampaignKey, shares: Sequence[float]
) -> Maturity:
    """Return what a closed day says of it; of one that says nothing, what is known now."""
    if len(shares) != len(AGES):
        return maturity_of(draft, books, bytes(campaign))
    return Maturity(logs=np.log(np.array([shares], dtype=np.float64)))
