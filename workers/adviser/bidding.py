"""Advice on bids: the usual bid follows what clicks are worth, the pacing multiplier the budget.

A click is worth its conversion rate times what a conversion may cost: the target cost, or the value
of a conversion over the target revenue per cost. Advice is given for an ad set, or for a campaign
that names none, whose bid is off by more than noise. It is a pure function of its arguments, and
that on one campaign does not depend on which others are advised on with it.

Source: Perlich et al., "Bid Optimizing and Inventory Scoring in Targeted Online Advertising", KDD
2012; all formulas and their sources are on the page docs/bids.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine import bids
from engine.mean_rates import mean_rates, mix
from schemas import Recommendation
from workers.adviser.bid_account import Account
from workers.adviser.bid_advice import advice
from workers.adviser.bid_choosing import Passed, Reason, chosen
from workers.adviser.bid_lessons import Lessons, lessons_of, peers_of
from workers.adviser.bid_multiplying import multiplied
from workers.adviser.bid_peers import Peers
from workers.adviser.bid_wanting import Entity, Wanted, wanted

AT_ONCE: Final = 64
"""Ad sets whose cells are held at once."""

_HELD: Final = {bids.COOLDOWN: Reason.COOLDOWN, bids.LEARNING_PHASE: Reason.LEARNING_PHASE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advised:
    """What is advised of the bids of an account, and what was left alone."""

    recommendations: tuple[Recommendation, ...]
    """By campaign, and within it by ad set."""
    passed: tuple[Passed, ...]


def advise_bids(
    account: Account, due: Iterable[int] | None = None, peers: Peers | None = None
) -> Advised:
    """Return the advice on bids of campaigns.

    Parameters
    ----------
    due
        Which of the account's campaigns are to be advised on, by their place; all if None.
    peers
        What campaigns of the account have taught each other, of `peers_of`; if None all that are
        given teach, whether or not they are due.
    """
    wanted_of = sorted(set(range(len(account.bidders)) if due is None else due))
    entities, passed = chosen(account, wanted_of)
    made: list[Recommendation] = []
    if entities:
        lessons = lessons_of(account, peers or peers_of(account))
        for first in range(0, len(entities), AT_ONCE):
            some = entities[first : first + AT_ONCE]
            for each in _advised(account, lessons, some):
                if isinstance(each, Passed):
                    passed.append(each)
                else:
                    made.append(each)
    return Advised(recommendations=tuple(made), passed=tuple(passed))


def _advised(
    account: Account, lessons: Lessons, entities: Sequence[Entity]
) -> Iterator[Recommendation | Passed]:
    sold = account.delivered
    asked = np.array([(each.campaign, each.code) for each in entities], dtype=np.int64)
    delivered = mix(sold.kinds, asked, sold.keys, (sold.clicks, lessons.exposure))
    means = mean_rates(lessons.learned, delivered)
    found = wanted(account, lessons, entities, means)
    platform = account.bidders[entities[0].campaign].platform
    beside = multiplied(platform, sold, delivered, means)
    for row, entity in enumerate(entities):
        reason = _reason(entity, row, found)
        if reason is not None:
            yield Passed(campaign=entity.campaign, ad_set=entity.ad_set, reason=reason)
        else:
            yield advice(account, (entity, row), found, lessons, beside[row])


def _reason(entity: Entity, row: int, found: Wanted) -> Reason | None:
    """Return why an ad set's bid is left alone; None where it is to change."""
    if found.worth[row] <= 0.0:
        return Reason.NO_VALUE
    held = _HELD.get(int(found.bids.reason[row]))
    if held is not None:
        return held
    if not found.off[row]:
        return Reason.WITHIN_NOISE
    same = entity.amount(float(found.bids.bid[row])) == entity.bid
    return Reason.NO_CHANGE if same else None
