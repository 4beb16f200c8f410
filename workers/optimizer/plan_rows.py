"""From plans to rows of numbers, and back to the plan where more than numbers is wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache

import numpy as np

from engine import plans
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOURS_OF_WEEK
from engine.plans import PLAN, UNLIMITED
from engine.state import NEVER
from engine.weeks import WeekWeights
from schemas import Actuator, Plan, Strategy, decode
from schemas.levers import BID_MULTIPLIER, HOURLY_BUDGET, LEAST_MULTIPLIER, MOST_MULTIPLIER
from schemas.money import exponent_of, to_minor
from workers.instants import day_number

OWN_HOURS = 1
"""Bit of ``detailed``: the plan has weights of its own or flight gaps."""

GROUPED = 2
"""Bit of ``detailed``: the plan belongs to a budget group."""

LIFTED = 4
"""Bit of ``detailed``: the plan's calendar tells of lifts."""

EXCLUDING = 8
"""Bit of ``detailed``: the plan's calendar has windows that are not learned from."""

TARGET = 16
"""Bit of ``detailed``: the plan has a target of cost per conversion, or of revenue per cost."""

BIDS = 32
"""Bit of ``detailed``: the plan bounds what may be bid."""

EXPLORES = 64
"""Bit of ``detailed``: the plan has a learning reserve."""

WITHIN_DAY = 128
"""Bit of ``detailed``: the plan limits speed, or moves budget within the day. It is the last bit
of the byte: which of the two is asked of the plan itself."""

_ANY_MULTIPLIER = np.log([float(LEAST_MULTIPLIER), float(MOST_MULTIPLIER)])


def stored(plan: Plan, value: bytes, offset: int) -> bytes:
    """Return what the table keeps of a plan: its row, and the record as it came."""
    row = plans.no_plans(1)
    row["detailed"] = _detailed(plan)
    for name, values, given in (
        ("status", plans.STATUSES, plan.status),
        ("strategy", plans.STRATEGIES, plan.strategy),
        ("period", plans.PERIODS, plan.budget.period),
        ("rollover", plans.ROLLOVERS, plan.rollover),
        ("objective", plans.OBJECTIVES, plan.objective),
        ("actuator", plans.ACTUATORS, _actuator(plan)),
    ):
        row[name] = values.index(given)
    row["autonomy"] = plans.autonomy_codes(
        _autonomy(plan, HOURLY_BUDGET), _autonomy(plan, BID_MULTIPLIER)
    )
    row["exponent"] = exponent_of(plan.currency)
    row["currency"], row["zone"] = plan.currency, plan.timezone
    row["version"], row["offset"] = plan.version, offset
    row["protected"] = plan.protected
    row["flight_first"] = _day(plan.flight_start, NEVER)
    row["flight_last"] = _day(plan.flight_end, UNLIMITED)
    row["cooldown"] = plan.guardrails.cooldown_minutes * 60
    row["max_changes"] = plan.guardrails.max_changes_per_day
    row["max_change"] = plan.guardrails.max_change_pct / 100.0
    row["min_confidence"] = plan.min_confidence
    for name, amount in _amounts(plan).items():
        row[name] = amount
    return row.tobytes() + value


def read_plan(value: bytes) -> Plan:
    """Return the plan that a stored value keeps."""
    return decode(value[PLAN.itemsize :], Plan)


class PlanBook:
    """Memo of plans that were decoded for what their row does not hold."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self.plan: Callable[[bytes], Plan] = lru_cache(maxsize=16_384)(read_plan)

    def gaps(self, values: Sequence[bytes], detailed: Ints) -> Ints:
        """Return flight gaps (B, G, 2) as `engine.situation.Situation` wants them."""
        found = {
            i: [(_day(gap.first, 0), _day(gap.last, 0)) for gap in self.plan(values[i]).flight_gaps]
            for i in np.flatnonzero(detailed & OWN_HOURS).tolist()
        }
        most = max(map(len, found.values()), default=0)
        gaps = np.zeros((len(values), most, 2), dtype=np.int64)
        gaps[:, :, 0] = 1
        for i, days in found.items():
            if days:
                gaps[i, : len(days)] = days
        return gaps

    def bid_bounds(self, values: Sequence[bytes], rows: Rows) -> Floats:
        """Return the logs of the least and the highest multiplier that plans (R,) allow, (R, 2)."""
        bounds = np.tile(_ANY_MULTIPLIER, (len(values), 1))
        for i in np.flatnonzero(rows["detailed"] & BIDS).tolist():
            bid = self.plan(values[i]).bid
            if bid is not None and bid.base:
                given = (bid.min, bid.max)
                limits = [
                    float(limit / bid.base) if limit else default
                    for limit, default in zip(given, np.exp(_ANY_MULTIPLIER), strict=True)
                ]
                bounds[i] = np.log(limits)
        return bounds

    def weigh(
        self, weights: Floats, dates: Floats | None, values: Sequence[bytes], detailed: Ints
    ) -> WeekWeights:
        """Return weights (B, 168) and factors of dates (B, 43) with what plans say about hours.

        ``custom_weights`` take the place of the strategy's, dates included; ``dayparting``
        multiplies.
        """
        chosen = np.flatnonzero(detailed & OWN_HOURS).tolist()
        if not chosen:
            return WeekWeights.of(weights, dates)
        weighed, dated = weights.copy(), None if dates is None else dates.copy()
        for i in chosen:
            plan = self.plan(values[i])
            if plan.custom_weights is not None:
                weighed[i] = np.tile(plan.custom_weights, 7)
                if dated is not None:
                    dated[i] = 1.0
            if plan.dayparting is not None:
                weighed[i] *= np.array(plan.dayparting).reshape(HOURS_OF_WEEK)
        return WeekWeights.of(weighed, dated)


def _actuator(plan: Plan) -> Actuator:
    """Return what the plan turns: by default what its strategy is made for."""
    usual = Actuator.BID if plan.strategy is Strategy.ADAPTIVE else Actuator.BUDGET
    return plan.actuator or usual


def _autonomy(plan: Plan, field: str) -> Ints:
    return np.array([plans.AUTONOMIES.index(plan.autonomy_for(field))])


def _detailed(plan: Plan) -> int:
    own = bool(plan.flight_gaps) or plan.custom_weights is not None or plan.dayparting is not None
    traits = {
        OWN_HOURS: own,
        GROUPED: plan.budget_group_id is not None,
        LIFTED: any(event.expected_lift != 1.0 for event in plan.calendar),
        EXCLUDING: any(event.exclude_from_learning for event in plan.calendar),
        TARGET: plan.target_cpa is not None or plan.target_roas is not None,
        EXPLORES: plan.learning_share > 0.0,
        BIDS: plan.bid is not None and plan.bid.base is not None,
        WITHIN_DAY: plan.reallocate_within_day or _slowed(plan),
    }
    return sum(bit for bit, has in traits.items() if has)


def _slowed(plan: Plan) -> bool:
    rails = plan.guardrails
    return rails.max_multiplier_step is not None or rails.max_spend_step_pct is not None


def _amounts(plan: Plan) -> dict[str, int]:
    def minor(amount: Decimal | None, default: int) -> int:
        return default if amount is None else to_minor(amount, plan.currency)

    return {
        "amount": minor(plan.budget.amount, 0),
        "rollover_cap": minor(plan.rollover_cap, UNLIMITED),
        "daily_cap": min(minor(plan.daily_cap, UNLIMITED), minor(plan.max_daily_budget, UNLIMITED)),
        "daily_floor": minor(plan.min_daily_budget, 0),
        "hourly_cap": minor(plan.max_hourly_budget, UNLIMITED),
        "hourly_floor": minor(plan.min_hourly_budget, 0),
    }


def _day(day: date | None, default: int) -> int:
    return default if day is None else day_number(day)
