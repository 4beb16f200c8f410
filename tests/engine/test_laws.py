"""Laws over crowds: a hundred thousand campaign-hours, and what no unit and no company changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import exploration, in_force, pacer, pacing_state, plans, state, velocity
from engine.arrays import Floats, Ints, Rows
from engine.calendar import HOUR
from engine.decide import decide
from engine.events import Events
from engine.holds import NONE
from engine.multiplier import FASTEST
from engine.pacer import RAISE
from engine.policy import BLOCKED
from engine.response import FIRST_ELASTICITY, Observed
from engine.situation import Conditions, Evidence, Situation, nobody_steered
from engine.strategies import hour_plan
from engine.weeks import WeekWeights
from tests.engine.situations import CALENDAR, MONDAY, NAMES, situations
from tests.engine.test_decide import bits, day_cap
from tests.engine.test_pacer import decided, lived, shapes_for, started

quick = settings(max_examples=40, deadline=None)
CROWD = 20_000


def money(chance: np.random.Generator, count: int, most: float = 9.0) -> Ints:
    """Return amounts from 1 to 10 ** most, in minor units, small and large ones alike."""
    amounts: Ints = (10.0 ** chance.uniform(0.0, most, count)).astype(np.int64)
    return amounts


def pairs(minor: Ints, exponents: Ints) -> Ints:
    unit = 10**exponents
    return np.stack([minor // unit, minor % unit * 10 ** (18 - exponents)], axis=1)


def planned(chance: np.random.Generator, newest: Ints) -> Rows:
    count, rows = len(newest), plans.no_plans(len(newest)).copy()
    low = money(chance, count, 4.0) * chance.integers(0, 2, count)
    some = np.where(chance.random(count) < 0.5, plans.UNLIMITED, money(chance, count))
    values = {
        "version": 1,
        "exponent": chance.choice([0, 2, 3], count),
        "strategy": chance.integers(0, 5, count),
        "period": chance.integers(0, 4, count),
        "currency": b"EUR",
        "rollover": chance.integers(0, 3, count),
        "rollover_cap": money(chance, count),
        "autonomy": 2,
        "actuator": 3,
        "amount": money(chance, count),
        "daily_cap": np.where(chance.random(count) < 0.5, plans.UNLIMITED, money(chance, count)),
        "daily_floor": low * chance.integers(0, 20, count),
        "hourly_floor": low,
        "hourly_cap": np.maximum(some, low),
        "flight_first": newest // 86_400 - chance.integers(0, 40, count),
        "flight_last": newest // 86_400 + chance.integers(0, 60, count),
        "max_change": chance.uniform(0.01, 2.0, count),
        "max_changes": chance.integers(0, 26, count),
        "cooldown": chance.integers(0, 7_200, count),
    }
    for name, value in values.items():
        rows[name] = value
    return rows


def a_crowd(seed: int, count: int = CROWD) -> Situation:
    """Return campaigns of every kind: zones, times, currencies, budgets, limits, events."""
    chance = np.random.default_rng(seed)
    newest = MONDAY + HOUR * chance.integers(0, 24 * 250, count)
    rows, forced = planned(chance, newest), in_force.nothing_in_force(count)
    campaigns = state.new_campaigns(count)
    campaigns["newest"], campaigns["first"] = newest, newest - HOUR * chance.integers(0, 900, count)
    total, exponents = money(chance, count), rows["exponent"].astype(np.int64)
    for name in ("total", "flight", "month", "week", "day"):
        campaigns[name] = pairs(total, exponents)
        total = (total * chance.random(count)).astype(np.int64)
    campaigns["day_counts"] = (1_000, 10, 0)
    forced["known"], forced["currency"] = chance.integers(0, 2, count), b"EUR"
    forced["value"] = pairs(money(chance, count), exponents)
    weights = chance.lognormal(0.0, 1.0, (count, 168)) * (chance.random((count, 168)) > 0.05)
    zones = chance.integers(0, len(NAMES), count)
    starts = newest + HOUR * chance.integers(-50, 200, count)
    calm = np.zeros(count, dtype=np.bool_)
    return Situation(
        campaigns=campaigns,
        plans=rows,
        in_force=forced,
        week=WeekWeights.of(weights),
        evidence=Evidence(own=np.full(count, 0.5), pooled=np.full(count, 10.0)),
        steered=nobody_steered(),
        conditions=Conditions(frozen=calm, paused=calm, outage=calm, excluded=calm),
        gaps=np.zeros((count, 0, 2), dtype=np.int64),
        calendar=CALENDAR,
        zones=zones,
        account_zones=zones,
        hour=newest + HOUR,
        now=newest + HOUR + chance.integers(-300, 5 * HOUR, count),
        stale_after=6 * HOUR,
        events=Events(
            owners=np.arange(count),
            starts=starts,
            ends=starts + HOUR // 4 * chance.integers(1, 400, count),
            lift=chance.normal(0.0, 0.7, count),
        ),
    )


@pytest.mark.parametrize("seed", range(6))
def test_of_a_hundred_and_twenty_thousand_decisions_none_breaks_a_guard_rail(seed: int) -> None:
    situation = a_crowd(seed)
    made, rows = decide(situation), situation.plans
    horizon = made.horizon
    for limit in (
        np.maximum(horizon.left, 0),
        np.maximum(day_cap(situation, made), 0),
        rows["hourly_cap"],
    ):
        assert (made.value <= limit).all()
        assert (made.plan <= limit[:, None]).all()
        assert (made.cap <= limit).all()
    assert ((made.value >= 0) & (made.cap >= made.value)).all()
    assert (made.plan >= 0).all()
    assert (made.plan.sum(axis=1) <= horizon.hard_cap).all()
    slots = np.arange(25) < made.clock.hours[:, None]
    assert not made.plan[~slots].any()
    ahead = made.hold == NONE
    free = ahead & (made.ruling.statuses[:, :2] == 0).all(axis=1)
    assert (made.plan.sum(axis=1) + made.unplaced == horizon.today)[free].all()
    kept = ((made.plan == 0) | (made.plan >= rows["hourly_floor"][:, None])).all(axis=1)
    assert (kept | made.unmet | ~free).all()
    assert not (made.ruling.release[:, None] & (made.ruling.statuses == BLOCKED)).any()
    near = made.known & (made.current > 0) & ahead & (made.current <= horizon.hard_cap)
    assert (np.abs(made.value - made.current) <= rows["max_change"] * made.current + 1)[
        near & (made.current <= rows["hourly_cap"])
    ].all()
    # The crowd is no crowd of holds, and has days of every length.
    assert ahead.mean() > 0.1
    assert np.isfinite(made.outlook.exhaustion).all()


def test_none_of_a_crowd_is_decided_otherwise_alone() -> None:
    situation = a_crowd(1, 400)
    together = decide(situation)
    for i in (0, 57, 399):
        chosen = np.array([i])
        assert bits(decide(some_of(situation, chosen))) == bits(together, chosen)


def some_of(situation: Situation, chosen: Ints) -> Situation:
    names = ("campaigns", "plans", "in_force", "gaps", "zones", "account_zones", "hour", "now")
    events = situation.events
    assert events is not None
    return replace(
        situation,
        week=WeekWeights.of(situation.week.weights[chosen]),
        evidence=Evidence(
            own=situation.evidence.own[chosen], pooled=situation.evidence.pooled[chosen]
        ),
        steered=nobody_steered(),
        conditions=Conditions(
            frozen=situation.conditions.frozen[chosen],
            paused=situation.conditions.paused[chosen],
            outage=situation.conditions.outage[chosen],
            excluded=situation.conditions.excluded[chosen],
        ),
        events=Events(
            owners=np.arange(len(chosen)),
            starts=events.starts[chosen],
            ends=events.ends[chosen],
            lift=events.lift[chosen],
        ),
        **{name: getattr(situation, name)[chosen] for name in names},
    )


@given(situations(), st.sampled_from([0, 2, 3, 4]))
@quick
def test_as_many_minor_units_are_split_alike_whatever_a_minor_unit_is(
    situation: Situation, exponent: int
) -> None:
    before = situation.plans["exponent"].astype(np.int64)
    rows, campaigns = situation.plans.copy(), situation.campaigns.copy()
    forced = situation.in_force.copy()
    rows["exponent"] = exponent
    for name in ("day", "week", "month", "flight", "total"):
        campaigns[name] = in_unit(campaigns[name], before, exponent)
    forced["value"] = in_unit(forced["value"], before, exponent)
    other = replace(situation, plans=rows, campaigns=campaigns, in_force=forced)
    assert bits(decide(other)) == bits(decide(situation))


def in_unit(amounts: Ints, before: Ints, exponent: int) -> Ints:
    """Return the same number of whole minor units, with another number of decimals."""
    minor = amounts[:, 0] * 10**before + amounts[:, 1] // 10 ** (18 - before)
    return pairs(minor, np.full(len(minor), exponent))


weights_of_a_day = st.lists(
    st.floats(0.0, 9.0).map(lambda w: w * (w > 1e-3)), min_size=25, max_size=25
)


@given(weights_of_a_day, st.integers(0, 10**8), st.integers(0, 10**8), st.integers(1, 10**7))
@quick
def test_more_budget_never_makes_a_plan_expect_less(
    weights: list[float], total: int, more: int, cap: int
) -> None:
    worth = np.array([weights]) ** (1.0 / FIRST_ELASTICITY)
    values = []
    for budget in (total, total + more):
        row = np.array([budget]), np.array([weights]), np.array([0]), np.array([cap])
        spend = hour_plan(*row).amounts.astype(np.float64)
        values.append(float((worth * spend ** (1.0 - 1.0 / FIRST_ELASTICITY)).sum()))
    # Rounding by largest remainder moves one unit, which is worth least where most is spent.
    assert values[1] >= values[0] - float(worth.max())


@given(
    st.lists(st.tuples(st.floats(1.0, 1e4), st.floats(-1.0, 1.0)), min_size=1, max_size=40),
    st.floats(1.0, 1e6),
    st.floats(1.0, 10.0),
)
@example([(1.0, 0.75), (1.0, 0.0)], 19.0, 2.0)
@quick
def test_more_budget_never_makes_the_pacer_expect_less_in_any_hour(
    life: list[tuple[float, float]], left: float, times: float
) -> None:
    spends, multipliers = (np.array(part) for part in zip(*life, strict=True))
    pacing = lived(spends, multipliers)
    poor, rich = (decided(pacing, np.array([money_])) for money_ in (left, left * times))
    assert (rich.hours >= poor.hours * (1.0 - 1e-12)).all()
    assert rich.log_multiplier[0] >= poor.log_multiplier[0]
    assert rich.cap[0] >= poor.cap[0] * (1.0 - 1e-12)


class Market:
    """Campaigns of any size, elasticity and report of their spend."""

    def __init__(self, seed: int, count: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._base = 10.0 ** self._chance.uniform(0.0, 5.0, count)
        self._elasticity = self._chance.uniform(0.3, 6.0, count)
        self._silence = self._chance.choice([0.0, 0.1, 0.6], count)
        self.budget = 24.0 * self._base * 10.0 ** self._chance.uniform(-2.0, 1.5, count)

    def hour(self, cells: Ints, log_multiplier: Floats, cap: Floats) -> Observed:
        """Return what an hour came to; silent hours are reported as such, or not at all."""
        chance, count = self._chance, len(cells)
        noise = chance.normal(0.0, 0.5, count)
        asked = np.minimum(self._base * np.exp(self._elasticity * log_multiplier + noise), 1e12)
        bought = chance.random(count) >= self._silence
        spend = np.where(bought, np.minimum(asked, cap), 0.0)
        return Observed(
            cells=cells,
            log_multiplier=log_multiplier,
            spend=spend,
            impressions=np.ceil(spend),
            capped=bought & (asked > cap),
            usable=bought | (chance.random(count) < 0.5),
        )


def slowed(motion: velocity.Motion, wanted: tuple[Floats, Floats], now: Floats) -> velocity.Held:
    """Hold what is wanted to a factor of 2 of the multiplier, and half more spend."""
    limits = velocity.stated(np.full(len(now), 2.0), np.full(len(now), 1.5))
    speed = velocity.Speed(limits=limits, motion=motion)
    return velocity.held(speed, wanted, now, protecting=np.zeros(len(now), dtype=np.bool_))


@pytest.mark.parametrize("seed", range(2))
def test_of_a_hundred_thousand_hours_of_the_pacer_none_spends_more_or_moves_faster_than_it_may(
    seed: int,
) -> None:
    count, hours = 2_100, 24
    market, shapes, pacing = Market(seed, count), shapes_for(count), started(count)
    now, late = np.zeros(count), np.zeros(count, dtype=np.int64)
    motion = velocity.at_rest(market.budget / hours)
    reserve = exploration.Reserve(total=0.05 * market.budget, used=np.zeros(count))
    spent = np.zeros(count)
    for hour in range(hours):
        cells, left = np.tile(np.arange(hour, hours), (count, 1)), market.budget - spent
        made = pacer.decide(pacing, shapes, cells, np.maximum(left, 0.0), (now, late))
        assert ((made.cap >= 0.0) & (made.cap <= np.maximum(left, 0.0))).all()
        assert (np.abs(made.log_multiplier - now) <= max(FASTEST, RAISE) + 1e-9).all()
        coins = exploration.coin(np.arange(count), np.full(count, HOUR * hour))
        open_ = (pacing.silent == 0) & ~pacing.capped
        moved = exploration.explore(pacing.response, made, reserve, coins, open_=open_)
        wanted = moved.spending.log_multiplier, moved.spending.cap
        held = slowed(motion, wanted, now)
        assert (np.abs(held.log_multiplier - now) <= np.log(2.0) + 1e-9).all()
        most = 1.5 * np.maximum(motion.spent, motion.usual) + 1e-9
        assert (held.cap <= np.minimum(made.cap, most)).all()
        now = held.log_multiplier
        seen = market.hour(cells[:, 0], now, held.cap)
        reserve, _ = exploration.charged(pacing.response, reserve, moved, seen.spend)
        spent = spent + seen.spend
        motion = velocity.moved_on(motion, seen.spend, limited=seen.capped)
        pacing = pacer.learn_hour(pacing, shapes, seen)
    assert (spent <= market.budget * (1.0 + 1e-12)).all()
    assert (reserve.used <= reserve.total * (1.0 + 1e-9)).all()
    assert (reserve.used > 0.0).mean() > 0.5
    assert np.isfinite(pacing.response.mean).all()
    kept = pacing_state.unpack(pacing_state.pack(pacing), started(count))
    for before, after in ((pacing.response.mean, kept.response.mean), (pacing.silent, kept.silent)):
        np.testing.assert_array_equal(after, before)
