"""How well campaigns are run, by `engine.optimisation_score`, and what would raise it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec.structs import replace

from engine.arrays import Floats
from engine.optimisation_score import PARTS, Basis, Scores, score, together
from engine.status import UNKNOWN
from schemas import CampaignKey, HoldReason
from workers.report.delivered import HOUR
from workers.status.book import StatusBook
from workers.status.levels import BROKEN
from workers.status.model import Brought, CampaignStatus, Score, ScorePart
from workers.status.offers import Offer
from workers.status.score_wording import remedy, why

_WEEK: Final = 7 * 24 * HOUR
_MOST: Final = 10.0
"""Most that one piece of advice is believed to bring, in times of what there is now."""


def scored(
    book: StatusBook,
    keys: Sequence[CampaignKey],
    campaigns: Sequence[CampaignStatus],
    early: Sequence[float],
) -> list[CampaignStatus]:
    """Return campaigns with their scores.

    Parameters
    ----------
    early
        Share of each one's period that is to come after its money is gone, 0 where it lasts.
    """
    offers = [list(book.offers.open(key, book.as_of(key))) for key in keys]
    held = [_held(book, key) for key in keys]
    made = score(_basis(campaigns, offers, held, early))
    return [
        replace(each, score=_told(made, row, each, (offers[row], held[row])))
        for row, each in enumerate(campaigns)
    ]


def score_of_all(campaigns: Sequence[CampaignStatus]) -> Score:
    """Return the score of campaigns of one currency together, weighed by what they spend."""
    rows = [each.score.parts for each in campaigns if each.score is not None]
    scores = Scores(
        score=np.array([each.score.points for each in campaigns if each.score is not None]),
        attained=np.array([[part.attained for part in parts] for parts in rows]),
        weight=np.array([[part.weight for part in parts] for parts in rows]),
    )
    return _told(together(scores, np.array([each.brought.spend for each in campaigns])), 0)


def _told(
    scores: Scores,
    row: int,
    status: CampaignStatus | None = None,
    found: tuple[Sequence[Offer], float] = ((), 0.0),
) -> Score:
    parts = tuple(
        ScorePart(
            name=name,
            attained=round(float(scores.attained[row, at]), 6),
            weight=round(float(scores.weight[row, at]), 6),
            lacking=round(float(scores.lacking[row, at]), 6),
            reason=why(name, status, *found) if status else "",
            remedy=remedy(name, status, *found) if status else "",
        )
        for at, name in enumerate(PARTS)
    )
    return Score(points=round(float(scores.score[row]), 6), parts=parts)


def _basis(
    campaigns: Sequence[CampaignStatus],
    offers: Sequence[Sequence[Offer]],
    held: Sequence[float],
    early: Sequence[float],
) -> Basis:
    aheads = [each.ahead for each in campaigns]
    gone = [part * (each.exhaustion or 0.0) for part, each in zip(early, aheads, strict=True)]
    efficiency = [each.brought.efficiency for each in campaigns]
    return Basis(
        open_gain=_floats(
            sum(offer.advice.confidence * gain_of(offer, each.brought) for offer in some)
            for some, each in zip(offers, campaigns, strict=True)
        ),
        ends_at=_floats(map(_ends_at, campaigns)),
        early=_floats(gone),
        pace=_floats(UNKNOWN if each.pace is None else each.pace for each in aheads),
        efficiency=_floats(UNKNOWN if each is None else each for each in efficiency),
        held=_floats(held),
        outage=np.array([_in_outage(each) for each in campaigns], dtype=np.bool_),
        behind=_floats(
            (each.as_of - each.reported_until).total_seconds() / HOUR for each in campaigns
        ),
        evidence=_floats(each.brought.evidence for each in campaigns),
    )


def _in_outage(each: CampaignStatus) -> bool:
    return each.hold is not None and each.hold.reason == HoldReason.SUSPECTED_OUTAGE


def gain_of(offer: Offer, brought: Brought) -> float:
    """Return what open advice would bring on top, as a share of what there is; in [0, 10].

    A raise brings what it is expected to, less what there is. A cut brings what the money that it
    sets free buys at the campaign's present cost, less what it gives up.
    """
    if offer.conversions is not None:
        expected, now = offer.conversions, brought.conversions / 7.0
    else:
        expected, now = offer.revenue or 0.0, brought.spend * (brought.roas.middle or 0.0) / 7.0
    if now <= 0.0:
        return 1.0 if expected > 0.0 else 0.0
    present, wanted = offer.advice.current_value, offer.advice.recommended_value
    kept = 1.0
    if present and wanted is not None and 0 <= wanted < present:
        kept = float(wanted / present)
    return min(max(expected / now - kept, 0.0), _MOST)


def _ends_at(each: CampaignStatus) -> float:
    budget, end = each.own.budget, each.ahead.p50
    return UNKNOWN if not budget or end is None else max(end, 0.0) / budget


def _held(book: StatusBook, key: CampaignKey) -> float:
    """Return the share of the last week's decisions that were holds by something broken.

    What comes before the first decision that was none is left out: hours that only teach.
    """
    now = book.as_of(key)
    made = [at for at, _ in book.decided.counted.get(key, [])]
    since = max(now - _WEEK, min(made, default=now))
    holds = {one.at for one in book.decided.holds.get(key, ()) if one.reason in BROKEN}
    lost = sum(since <= at for at in holds - set(made))
    total = lost + len({at for at in made if at >= since})
    return lost / total if total else 0.0


def _floats(values: Iterable[float]) -> Floats:
    return np.fromiter(values, dtype=np.float64)
