"""Why a bid is advised: codes, sentences and the numbers behind them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engine.bids import MAX_CHANGE, MAXIMUM, MINIMUM
from engine.intervals import LIKELY
from schemas import BidTerms, Explanation
from workers.adviser.bid_account import Bidder
from workers.adviser.bid_lessons import Lessons
from workers.adviser.bid_multiplying import Multiplied
from workers.adviser.bid_wanting import Entity, Wanted

_FIGURES: Final = 6
_TELLING: Final = 0.05

AS_TOLD: Final = "conversions_as_told"
"""Code of the reason that nothing says how many conversions are still to come."""

_HELD: Final = {
    MAX_CHANGE: (
        "max_change_binds",
        "A click is worth {worth} {currency}; a bid changes by {max_change_pct:g} % at most.",
    ),
    MINIMUM: ("min_bid_binds", "A click is worth {worth} {currency}, less than the lowest bid."),
    MAXIMUM: ("max_bid_binds", "A click is worth {worth} {currency}, more than the highest bid."),
}


def reasons(
    of: tuple[Bidder, Entity, int], found: Wanted, lessons: Lessons, beside: Multiplied
) -> list[Explanation]:
    """Return why the bid of a bidder's entity, in its row, is to change; the main reason first."""
    bidder, entity, row = of
    told = [_worth(entity, row, found, lessons)]
    held = _HELD.get(int(found.bids.reason[row]))
    if held is not None:
        evidence = {
            "worth": str(entity.amount(float(found.worth[row]))),
            "currency": entity.terms.currency,
            "max_change_pct": entity.terms.max_change_pct,
        }
        told.append(_explained(*held, evidence))
    if bidder.as_told:
        told.append(_as_told())
    told += [*_recent(entity, lessons), *_paced(entity, row, found)]
    if beside.factors:
        told.append(_beside(entity, row, found, beside))
    return told


def _worth(entity: Entity, row: int, found: Wanted, lessons: Lessons) -> Explanation:
    terms, worth = entity.terms, float(found.worth[row])
    spread = float(np.exp(LIKELY * found.deviation[row]))
    numbers = {
        "rate": float(found.rate[row]),
        "rate_low": float(found.rate[row]) / spread,
        "rate_high": float(found.rate[row]) * spread,
        "value_per_conversion": float(lessons.value[entity.campaign]),
        "allowed_cost": float(found.allowed[row]),
        "clicks_per_day": float(found.clicks[row]),
        "predicted_conversions_per_day": float(found.gains.conversions.middle[row]),
    }
    evidence = {
        "aim": _aim(terms),
        "currency": terms.currency,
        "current": str(entity.bid),
        "worth": str(entity.amount(worth)),
        "worth_low": str(entity.amount(worth / spread)),
        "worth_high": str(entity.amount(worth * spread)),
        **{name: _figure(number) for name, number in numbers.items()},
    }
    code = "click_worth_more" if worth > float(entity.bid) else "click_worth_less"
    text = (
        "A click is worth {worth} {currency} (four times of five between {worth_low} and "
        "{worth_high}): {rate:.3%} of clicks convert, and a conversion may cost {allowed_cost:.4g} "
        "{currency} by {aim}. The bid is {current}."
    )
    return _explained(code, text, evidence)


def _as_told() -> Explanation:
    text = (
        "No hour of this account has been told again so far, and its reports do not say that "
        "hours are final (is_final) or that conversions are counted as they come "
        "(conversion_time_basis). So the rate is that of conversions as told. Where more come "
        "later, a click is worth more than this: a higher bid is right all the more, a lower one "
        "is for a person to judge."
    )
    return Explanation(code=AS_TOLD, text=text, evidence={})


def _aim(terms: BidTerms) -> str:
    if terms.target_cpa is not None:
        return f"a target cost of {terms.target_cpa} {terms.currency}"
    return f"a target of {terms.target_roas:g} times its cost"


def _recent(entity: Entity, lessons: Lessons) -> list[Explanation]:
    """Return what the newest week adds, where it is against what rates foretold."""
    at = entity.campaign
    factor = float(lessons.performance[at])
    if abs(factor - 1.0) < _TELLING:
        return []
    evidence = {
        "counted": _figure(float(lessons.counted[at])),
        "expected": _figure(float(lessons.expected[at])),
        "factor": _figure(factor),
        "weight_of_week": _figure(float(lessons.weight[at])),
    }
    text = (
        "The campaign's newest week has {counted:.4g} conversions where {expected:.4g} were "
        "expected of its clicks by now: bids move by a factor of {factor:.3g}."
    )
    return [_explained("better_week" if factor > 1.0 else "worse_week", text, evidence)]


def _paced(entity: Entity, row: int, found: Wanted) -> list[Explanation]:
    if not entity.terms.paced:
        return []
    factor = float(found.bids.bid[row] / found.old[row])
    evidence = {"base_factor": _figure(factor), "multiplier_factor": _figure(1.0 / factor)}
    text = (
        "An hourly multiplier keeps this campaign's budget, and has learned what it spends at the "
        "usual bid of now. With another one it must learn anew: {multiplier_factor:.3g} times the "
        "multiplier is the same bid. So a person decides: change the bid and the plan's base "
        "together, best as a day begins."
    )
    return [_explained("pacing_learns_anew", text, evidence)]


def _beside(entity: Entity, row: int, found: Wanted, beside: Multiplied) -> Explanation:
    bid = float(found.bids.bid[row]) / beside.mean
    evidence = {
        "mean": _figure(beside.mean),
        "bid_beside": str(entity.amount(bid)),
        "currency": entity.terms.currency,
    }
    text = (
        "Clicks of some devices, placements or hours are worth more than others. With the "
        "multipliers given here, which a person may set, the bid is to be {bid_beside} {currency}."
    )
    return _explained("bid_multipliers", text, evidence)


def _explained(code: str, text: str, evidence: dict[str, Any]) -> Explanation:
    return Explanation(code=code, text=text.format(**evidence), evidence=evidence)


def _figure(number: float) -> float:
    return float(f"{number:.{_FIGURES}g}")
