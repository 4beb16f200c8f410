"""What every public function of the engine keeps to, found by looking and counted.

A small life is lived by the engine alone; the calls are noted, and made again with arguments that
nobody can write to.
"""

from __future__ import annotations

import pickle
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from types import FrameType
from typing import Any

import numpy as np
import pytest

from engine import (
    allocation,
    allocation_targets,
    anomalies,
    ceiling,
    change_tests,
    curve_fitting,
    curves,
    dates,
    day_shapes,
    delay,
    delay_pool,
    exploring,
    forecast,
    funnel,
    funnel_alarms,
    funnel_state,
    funnel_watch,
    futures,
    group_budgets,
    group_currencies,
    group_exploring,
    group_impact,
    group_movement,
    group_nesting,
    group_total,
    in_force,
    instruments,
    ledger,
    living,
    money,
    offsets,
    pacer,
    pacing_state,
    patterns,
    plans,
    policy,
    pooling,
    response,
    standing,
    state,
    strategies,
    thresholds,
    tracking,
    what_if,
)
from engine import settings as engine_settings
from engine.arrays import Floats, Rows
from engine.calendar import DAY, HOUR, Calendar, hour_of_week
from engine.decide import decide
from engine.response_days import Days
from engine.situation import Learning, Situation
from engine.weeks import WeekWeights
from engine.zones import ZoneDays, zone_days
from tests.engine import advising, bidding, cohort_lives, parts, trials
from tests.engine.books import Books, Fact
from tests.engine.public import public_functions
from tests.engine.situations import MONDAY, One
from tests.engine.teaching import taught

FUNCTIONS = public_functions()
CALLS = 2
"""Calls of each function that are made again: the first ones."""


def kept_books() -> tuple[Books, Rows]:
    """Keep the books of two campaigns for two days; learn the first, and sum all anew."""
    books = Books(["UTC", "Asia/Kathmandu"])
    for number in range(50):
        fact = Fact(start=MONDAY + HOUR * number, spend=10**18 // 3, conversions=2 * 10**6)
        books.wave({0: fact, 1: replace(fact, clicks=number)})
    rows, owners, hour = books.all_hours()
    newest = books.rows["newest"].astype(np.int64)
    current = ledger.moment(books.calendar, np.array([0, 1]), newest)
    ledger.settle_flight(ledger.rebuild(books.rows, rows, owners, (hour, current)), *[newest] * 2)
    state.zone_names(books.rows, np.array([b"", b"UTC"]))
    state.kept_days(int(books.rows["days"][0]), MONDAY // DAY)
    state.unpack(state.pack(books.rows))
    cells = hour_of_week(books.calendar, owners, hour.day * DAY, hour.day)
    blank = dates.begin_dates(patterns.unpack([b"", b""]), np.array([1]), np.array([20_514]))
    return books, patterns.add_hours(blank, rows, (owners, cells, hour.day), sign=1)


def a_life() -> None:
    """Live two days of two campaigns: books, what is learned and pooled, and a decision."""
    zone_days.cache_clear()
    books, learned = kept_books()
    prior = replace(patterns.flat_prior(2), shape=np.stack([pooled_shape(learned)] * 2))
    made = plans.unpack([b"", plans.no_plans(1).tobytes()]).copy()
    made["strategy"] = plans.STRATEGIES.index("dayparting")
    made["autonomy"] = plans.autonomy_codes(np.array([0, 2]), np.array([2, 2]))
    week = patterns.estimate(learned, prior)
    one_week = patterns.estimate(learned[1:2], patterns.flat_prior(1))
    weights = strategies.week_weights(made, week, np.array([0, 1]))
    made["strategy"][0] = plans.STRATEGIES.index("even")
    strategies.week_weights(made, one_week, np.array([1]))
    for name in ("front_loading", "performance_based", "conversion_pattern"):
        made["strategy"] = plans.STRATEGIES.index(name)
        strategies.week_weights(made, week, np.array([0, 1]))
    strategies.by_date(made)
    changed = in_force.with_change(in_force.unpack([b""]), np.array([MONDAY]))
    in_force.with_replaced(changed, np.array([500]), np.array([MONDAY]))
    situation = One(
        rows=books.rows[:1],
        plan={"strategy": 3, "period": 1, "rollover": 1, "max_change": 0.1, "exponent": 2},
        force={"known": 1, "value": (4, 0), "changed": (MONDAY, *[0] * 24)},
        gaps=((20_517, 20_518), (20_518, 20_519)),
        zone="Europe/Berlin",
        account_zone="UTC",
        now=MONDAY + 52 * HOUR,
    ).situation()
    factors = dates.date_factors(learned[:1], week.conversions[:1])
    decide(replace(situation, week=WeekWeights.of(weights[:1])))
    decide(replace(situation, week=WeekWeights.of(weights[:1], factors)))
    hear_nothing(situation)
    policy.changes_today(situation)
    for part in PARTS:
        part()
    money.floor_to_minor(books.rows["total"], np.array([2, 0]))


def pooled_shape(learned: Rows) -> Floats:
    """Return the shape of a pool that one campaign's first day was added to."""
    day = np.arange(24)
    clicks = learned["clicks"][1, :24]
    days = np.array([20_514]), day[None], clicks[None], day[None] >= 0
    pool = pooling.add_days(pooling.unpack(b""), *days)
    return pooling.pooled(pool).weights


def steer() -> None:
    """Decide for a campaign whose bids are set, of which an hour is not reported, in a month."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0]))
    live = living.Lived(
        cells=np.array([[0, 1, -1]]),
        log_multiplier=np.array([[0.0, 0.2, 0.0]]),
        steered=np.array([[False, True, False]]),
        spend=np.array([[4.0, 5.0, 0.0]]),
        impressions=np.array([[9.0, 9.0, 0.0]]),
        capped=np.zeros((1, 3), dtype=np.bool_),
        usable=np.ones((1, 3), dtype=np.bool_),
    )
    known = pacer.start(shapes, np.array([5.0]), np.zeros(1)), np.array([False])
    for hour in range(3):
        known = living.live_hour(known, shapes, live, hour)
    one = One(
        plan={"strategy": 5, "actuator": 0, "period": 2, "daily_floor": 900_000},
        force={"multiplier": 900_000},
        gaps=((20_517, 20_518),),
        now=MONDAY + 2 * HOUR,
    ).situation()
    steered = replace(
        one.steered,
        rows=np.array([0]),
        pacing=pacing_state.rounded(known[0]),
        shapes=shapes,
        highest=np.array([50.0]),
        bounds=np.array([[-9.0, 9.0]]),
        offsets=np.zeros((1, 168)),
        learning=Learning(
            share=np.array([0.1]),
            period=np.array([MONDAY]),
            used=np.zeros(1),
            coins=np.array([0.7]),
        ),
    )
    wishes = np.where(np.arange(168)[None] == 30, 0.0, 2.0)
    worth = offsets.of_intent(np.linspace(0.5, 2.0, 168)[None])
    steered = offsets.with_wishes(replace(steered, offsets=worth), np.ones((1, 168)), wishes)
    decide(replace(one, steered=steered))
    today = One(plan={"strategy": 5, "actuator": 0}, force={"multiplier": 900_000}).situation()
    decide(replace(today, steered=steered))
    exploring.explored_with(np.ones(1), np.array([0.1]), np.ones(1), np.ones(1))
    day = engine_settings.with_setting(b"", engine_settings.a_setting(3, 10**6, 500))
    engine_settings.in_force_at([engine_settings.last_of(day)], np.array([0]), np.array([4]))


def hear_nothing(situation: Situation) -> None:
    """Decide later hours of a campaign with a budget in force, of which no report has come."""
    for later in (HOUR, 2 * HOUR):
        at = situation.hour + later
        decide(replace(situation, hour=at, now=at + 600))


def pace() -> None:
    """Pace two campaigns over the turn of a day, with an hour in flight."""
    shapes = taught().of(np.array([0, 0]))
    pacing = pacer.start(shapes, np.array([50.0, 80.0]), np.zeros(2))
    for cell in (22, 23, 24):
        seen = response.Observed(
            cells=np.full(2, cell),
            log_multiplier=np.array([0.0, 0.3]),
            spend=np.array([40.0, 900.0]),
            impressions=np.array([10.0, 400.0]),
            capped=np.array([False, True]),
            usable=np.ones(2, dtype=np.bool_),
        )
        pacing = pacer.learn_hour(pacing, shapes, seen)
    fresh = pacer.start(shapes, np.array([50.0, 80.0]), np.zeros(2))
    pacing = pacing_state.unpack([pacing_state.pack(pacing)[0], b""], fresh)
    pacer.in_flight(pacing, shapes, (np.full((2, 1), 25), np.zeros((2, 1))))
    ahead = np.tile(np.arange(26, 48), (2, 1))
    late = np.ones(2, dtype=np.int64)
    choice = pacer.decide(pacing, shapes, ahead, np.array([800.0, 1e6]), (np.zeros(2), late))
    where = standing.Standing(
        budget=np.array([1_000.0, 2e6]),
        spent=np.array([160.0, 9e5]),
        in_flight=np.array([40.0, 1e5]),
        unreported=late,
        price=np.array([4.0, 0.0]),
        lived=np.tile(np.arange(24, 26), (2, 1)),
        ahead=ahead,
    )
    forecast.forecast(pacing, shapes, where, choice)


def aim() -> None:
    """Find the ceilings of two campaigns whose conversions are late."""
    ages, counts = np.array([50.0, 3.0, 0.0]), np.array([[9.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    restated = delay.Restated(before=counts, after=counts + 1.0, earlier=ages, later=ages + 1.0)
    delays = delay.faded(delay.add_restatements(delay.no_delays(2), restated), 1.0)
    share = delay.maturity(delays, delay.together(delays)).at(ages)
    hours = ceiling.Hours(
        cost=np.full((2, 3), 40.0),
        log_multiplier=np.full((2, 3), 0.1),
        conversions=counts,
        results=counts,
    )
    two = np.array([5.0, 80.0])
    belief = ceiling.believed(np.zeros(2), two, np.array([40.0, 0.0]), np.ones(2))
    known = ceiling.faded(belief, 24.0) + ceiling.weigh(hours, share, ages)
    highest = ceiling.ceiling(known, two, np.ones(2)).log_multiplier
    limited = np.minimum(highest, ceiling.hard_limit(two, np.ones(2)))
    ceiling.settled(np.array([0.3, -0.2]), limited, np.array([-np.inf, 0.0]))


def teach_delay() -> None:
    """Pool a day of a scope's delays, and begin two campaigns with what it and no other teach."""
    pool, grown = delay_pool.unpack(b""), np.full(delay.STEPS, 4_000)
    pool = delay_pool.unpack(delay_pool.add_day(pool, 20_514, grown, 3 * grown).tobytes())
    taught = delay_pool.lessons([delay_pool.no_sums(), delay_pool.pooled(pool)])
    delay.mature(delay.no_delays(2), taught).at(np.array([3.0]))


def watch_days() -> None:
    """Watch a closed day of two campaigns, and ask which of what it says are discoveries."""
    size, hours = (2, funnel.HOURS), np.arange(funnel.HOURS)
    days = funnel.ClosedDays(
        counts=np.full((*size, 5), [4_000.0, 40.0, 30.0, 3.0, 90.0]),
        log_multiplier=np.tile(np.sin(hours), (2, 1)),
        steered=np.ones(size, dtype=np.bool_),
        of_day=np.tile(hours % 24, (2, 1)),
        weekday=np.array([0, 6]),
        starts=np.tile(hours * 3_600, (2, 1)),
        told=np.tile(hours < 24, (2, 1)),
        capped=np.zeros(size, dtype=np.bool_),
        allowed=np.full(size, 40.0),
        prompt=np.array([True, False]),
    )
    rows, judged = funnel_watch.watch(funnel_state.unpack([b"", b""]), days)
    funnel_state.answers(rows)
    least = funnel_alarms.least_evidence(funnel_alarms.tally(judged.evidence).sum(axis=0))
    funnel_alarms.alarms(judged.evidence, least, judged.beginnings)


def watch_over() -> None:
    """Watch two campaigns for an hour, and set thresholds by what clean weeks came to."""
    ones = np.ones(2)
    seen = anomalies.hour(np.full((2, 5), 3.0), ones, ones, np.array([True, False]))
    rows = anomalies.watch(anomalies.unpack([b"", b""]), seen)
    peaks = np.random.default_rng(1).exponential(size=(50, 6, 5))
    limits = thresholds.calibrated(peaks, 0.05)
    assert limits.nominal == thresholds.threshold(0.05, 30)
    anomalies.alarms(rows, limits)
    change_tests.pooled(np.array([5.0, 0.0]), np.array([2, 0]), np.array([2, 2]))
    watch_days()
    here = np.ones((2, 40), dtype=np.bool_)
    clicks, sold = np.full((2, 40), 30.0), np.where(np.arange(40) < 30, 3.0, [[0.0], [3.0]])
    hours = tracking.Clicked(
        clicks=clicks,
        conversions=sold,
        shares=np.ones((2, 40)),
        of_day=np.tile(np.arange(40) % 24, (2, 1)),
        usable=here,
        usual=here,
    )
    found = tracking.outages(hours)
    found.hours(40)
    found.judged_at(np.tile(np.arange(40), (2, 1)), np.array([40, 40]))


def ask() -> None:
    """Ask what another budget would bring two campaigns, one spread and one paced."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0, 0]))
    pacing = pacer.start(shapes, np.array([50.0, 80.0]), np.zeros(2))
    cells, normal = np.arange(24), np.random.default_rng(3).normal
    chance = futures.Chance(
        posterior=normal(size=(5, response.SIZE)),
        days=normal(size=(5, 2, 1)),
        hours=normal(size=(5, 2, 24)),
        rate=normal(size=5),
        hourly=normal(size=(5, 24)),
        counts=normal(size=5),
        worth=normal(size=5),
    )
    worth = what_if.Worth(
        conversions=np.ones((2, 24)),
        cost=np.full((2, 24), 30.0),
        log_multiplier=np.zeros(2),
        dispersion=np.array([1.0, 2.0]),
        value=np.array([0.0, 70.0]),
        value_sd=np.array([0.0, 9.0]),
    )
    asked = what_if.Asked(
        paced=np.array([False, True]),
        budget=np.array([600.0, 900.0]),
        weights=np.ones((2, 24)),
        cost_per_conversion=np.array([np.inf, 25.0]),
    )
    future = futures.futures(pacing, shapes, cells, chance)
    what_if.what_if(future, worth, asked, cells, chance)


def share_out() -> None:
    """Fit curves and share totals out by them: flat, in a tree, along an S, and as far as pays."""
    two = np.full(2, 30.0)
    days = Days(
        spend=np.array([[5.0, 6.0, 9.0], [8.0, 7.0, 5.0]]),
        value=np.array([[2.0, 3.0, 3.0], [9.0, 8.0, 8.0]]),
        weight=np.ones((2, 3)),
        pool=np.zeros(2, dtype=np.int64),
    )
    fitted = curve_fitting.fit_curves(days).curves()
    several = curves.joined(
        [
            fitted,
            curves.logarithm(two, two),
            curves.exponential(two, two),
            curves.michaelis_menten(two, two),
            curves.hill(two, two, np.full(2, 3.0)),
        ]
    )
    low, high = np.zeros(10, dtype=np.int64), np.full(10, 99)
    groups = allocation.Groups(
        parent=np.array([-1, 0, 0]),
        low=np.array([0, 150, 0]),
        high=np.array([900, 200, 200]),
        of=np.repeat([0, 1, 2], [4, 3, 3]),
    )
    # The same campaigns as S curves alone: their money ends where a curve bends upwards.
    steep = curves.hill(np.full(3, 30.0), np.full(3, 30.0), np.full(3, 4.0))
    assert allocation.allocate(steep, low[:3], high[:3], 70).gap < 1.0
    allocation.allocate(several, low, high, 300, groups)
    allocation_targets.until_return(several, low, high, 0.3, groups)
    allocation_targets.until_margin(several, low, high, 0.3)
    share_group()


def share_group() -> None:
    """Share a month's budget out among the campaigns of a group."""
    budget = np.array([900, 800, 500])
    log_spend = np.sin(np.arange(36.0)).reshape(3, 12)
    members = group_budgets.Members(
        days=Days(
            spend=budget[:, None] * np.exp(0.2 * log_spend),
            value=np.array([[9.0], [4.0], [2.0]]) * np.exp(0.1 * log_spend),
            weight=np.ones((3, 12)),
            pool=np.zeros(3, dtype=np.int64),
        ),
        budget=budget,
        least=np.zeros(3, dtype=np.int64),
        most=np.full(3, 5_000),
        used=np.ones(3),
        late=np.array([False, False, True]),
    )
    total = group_total.day_total(66_000, "month", 20_514, 2_200)
    group_total.mean_total(9_300, "month", (20_515, 7), 100)
    group_total.day_total(9_300, "flight", 20_515, 100, (20_510, 20_530))
    made = group_budgets.share(members, total, 0.2)
    tree = group_nesting.Nested(
        parent=np.array([-1, 0]),
        floor=np.array([0, 100]),
        ceiling=np.array([0, 1_500]),
        of=np.array([0, 1, 1]),
    )
    group_budgets.share(members, total, np.array([0.2, 0.3, 0.2]), tree)
    tree.inside(np.array([False, True]))
    bounded = partial(group_budgets.share, members, total, 0.2, None)
    group_movement.moved_within(budget, bounded, 50)
    group_impact.confidence(made, budget.astype(np.float64))
    group_impact.outcome(made.fit, made.budget.astype(np.float64))
    moved = replace(members.days, jitter=0.1 * np.sign(log_spend))
    jittered = replace(members, days=moved, base=budget - 10)
    chances = group_exploring.Chances(
        share=np.array([0.1, 0.1, 0.0]),
        change=np.full(3, 0.2),
        coins=np.linspace(0.1, 0.9, 12).reshape(3, 4),
        of=np.array([0, 0, 1]),
    )
    again = group_budgets.share(jittered, total, 0.2)
    group_exploring.explored(jittered, again, chances)
    group_movement.explored_within(jittered, again, chances, 10)
    group_movement.raised(budget, made.budget)
    instruments.passed_on(moved)
    worth = group_currencies.Worth([Fraction(1), Fraction(5, 4), Fraction(2, 3)])
    fitted = group_currencies.bounded(members, worth)
    common = group_currencies.in_common(fitted, worth, by_value=True)
    made = group_budgets.share(common, total, 0.2)
    group_currencies.in_own(made, fitted, worth, by_value=True)
    learnt = group_exploring.explored(common, made, chances)
    group_currencies.explored_in_own(learnt, fitted, worth, by_value=True)


PARTS = (
    pace,
    steer,
    aim,
    teach_delay,
    watch_over,
    parts.live,
    bidding.live,
    advising.looked_at,
    cohort_lives.live,
    trials.live,
    ask,
    share_out,
)
"""What else a life meets, beside its books and what it learns of patterns."""


@pytest.fixture(scope="module")
def noted() -> Mapping[str, Sequence[dict[str, Any]]]:
    """Return the arguments of the first calls of each public function, closed to writing."""
    names = {function.__code__: name for name, function in FUNCTIONS.items()}
    calls: dict[str, list[dict[str, Any]]] = defaultdict(list)

    def note(frame: FrameType, event: str, _: object) -> None:
        name = names.get(frame.f_code) if event == "call" else None
        if name and len(calls[name]) < CALLS:
            calls[name].append(dict(frame.f_locals))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        a_life()
    finally:
        sys.setprofile(before)
    for array in arrays_in(list(calls.values())):
        array.flags.writeable = False
    return dict(calls)


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:  # noqa: ANN401 -- whatever is inside
    """Yield every array that a value holds."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        yield from arrays_in(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from arrays_in(each)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from arrays_in([getattr(value, field.name) for field in fields(value)])


def test_the_life_reaches_every_public_function(
    noted: Mapping[str, Sequence[dict[str, Any]]],
) -> None:
    assert set(noted) == set(FUNCTIONS)
    assert len(FUNCTIONS) >= 100


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_argument_is_changed_and_the_answer_repeats_to_the_bit(
    name: str, noted: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    for arguments in noted[name]:
        before = pickle.dumps(arguments)
        answers = [pickle.dumps(FUNCTIONS[name](**arguments)) for _ in range(2)]
        assert pickle.dumps(arguments) == before
        assert all(one == other for one, other in pairwise(answers))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_come_out_whole_or_in_double_precision_and_finite(
    name: str, noted: Mapping[str, Sequence[dict[str, Any]]]
) -> None:
    for arguments in noted[name]:
        answer = FUNCTIONS[name](**arguments)
        if isinstance(answer, Calendar | ZoneDays):
            # Seconds within a day, as many as there are days in a century.
            assert {array.dtype for array in arrays_in(answer)} == {np.dtype(np.int32)}
            continue
        for array in arrays_in(answer):
            plain = array.dtype in (np.int64, np.float64, np.bool_)
            assert plain or array.dtype.names or array.dtype.kind == "S"
            assert array.dtype != np.float64 or np.isfinite(array).all()
