"""What period and day have spent, and what they may still spend, by what is reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import money
from engine.arrays import Ints
from engine.calendar import month_of, week_first
from engine.plans import PERIODS
from engine.situation import Clock, Situation
from engine.unreported import at_worst, held_rate, unreported
from engine.untold import untold

_DAILY, _FLIGHT = PERIODS.index("day"), PERIODS.index("flight")


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLeft:
    """Money of a plan's period and of today; shapes (B,), minor units, as in `Horizon`."""

    spent: Ints
    today: Ints
    """What today has spent, rounded up."""
    day_spent: Ints
    in_flight: Ints
    left: Ints
    hard_cap: Ints
    day_left: Ints
    day_floor: Ints


def spent_by_now(situation: Situation, clock: Clock, first: Ints) -> tuple[Ints, Ints]:
    """Return what the period and today have spent, in minor units, rounded up.

    A period in which the flight began, on day ``first``, has spent what the flight has.
    """
    campaigns, plans = situation.campaigns, situation.plans
    same = [
        clock.day == clock.newest_day,
        week_first(clock.day) == week_first(clock.newest_day),
        month_of(clock.day) == month_of(clock.newest_day),
        np.ones(len(plans), dtype=np.bool_),
    ]
    exponents = plans["exponent"].astype(np.int64)
    ledgers = np.stack([campaigns[name] for name in PERIODS], axis=1)
    periods = np.where(first == plans["flight_first"], _FLIGHT, plans["period"])
    chosen = ledgers[np.arange(len(plans)), periods]
    current = np.choose(periods, same)
    spent = money.ceil_to_minor(chosen, exponents) * current
    return spent, money.ceil_to_minor(campaigns["day"], exponents) * same[_DAILY]


def money_left(
    situation: Situation,
    clock: Clock,
    period: tuple[Ints, Ints],
    spent: tuple[Ints, Ints],
    rates: Ints,
) -> MoneyLeft:
    """Return what is left of period and day.

    Parameters
    ----------
    period
        What it may spend, minor units, and its first second; shapes (B,).
    spent
        As `spent_by_now` returns it.
    rates
        As in `engine.horizon.horizon_of`.
    """
    (allowance, since), (by_period, today), plans = period, spent, situation.plans
    held = held_rate(situation, clock, today)
    rate, lost = np.where(rates < 0, held, rates), untold(situation, clock, today)
    in_flight = unreported(rate, clock, since) + lost
    in_flight_today = unreported(rate, clock, clock.day_start) + lost
    surely = allowance - by_period - at_worst(situation, clock, held, since) - lost
    allowed_today = at_worst(situation, clock, held, clock.day_start) + lost
    surely_today = plans["daily_cap"] - today - allowed_today
    # In silence nothing tells what is expected from what may be: the worst counts.
    left = _or_worst(situation, allowance - by_period - in_flight, surely)
    return MoneyLeft(
        spent=by_period,
        today=today,
        day_spent=_known_today(situation, clock) + in_flight_today,
        in_flight=in_flight,
        left=left,
        hard_cap=np.maximum(np.minimum(surely, surely_today), 0),
        day_left=_or_worst(situation, plans["daily_cap"] - today - in_flight_today, surely_today),
        day_floor=np.minimum(plans["daily_floor"] - today - in_flight_today, left),
    )


def _known_today(situation: Situation, clock: Clock) -> Ints:
    """Return what today has spent, rounded down, so that no hour gets more for the rounding."""
    exponents = situation.plans["exponent"].astype(np.int64)
    spent = money.floor_to_minor(situation.campaigns["day"], exponents)
    return np.where(clock.day == clock.newest_day, spent, 0)


def _or_worst(situation: Situation, left: Ints, surely: Ints) -> Ints:
    return np.where(situation.silent, np.minimum(left, surely), left)
