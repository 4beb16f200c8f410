"""Calls of the parts of the engine that the pacer and the decision do not call themselves."""

from __future__ import annotations

import numpy as np

from engine import (
    coming_events,
    conflicts,
    day_shapes,
    delay,
    events,
    exploration,
    optimisation_score,
    outcomes,
    over_delivery,
    pacer,
    patterns,
    platform_rules,
    questions,
    reallocation,
    response,
    standing,
    status,
    velocity,
    weeks,
)


def live() -> None:
    """Call each of them once, for two campaigns."""
    over_deliver()
    collide()
    tell()
    try_out()
    move()
    stand()
    ask()
    look_back()


def look_back() -> None:
    """Hold what came of two campaigns against what was projected, and score them."""
    two = np.array([4.0, 9.0])
    outcomes.judge(np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]), two, np.zeros(2))
    ripe = delay.mature(delay.no_delays(2), delay.taught_by(delay.no_delays(1)))
    ages, here = np.tile(np.arange(3.0), (2, 1)), np.ones((2, 3))
    outcomes.matured(ripe, ages, here, here, here)
    outcomes.gain(np.array([two, two]), np.array([two, two]), two)
    none = np.full(2, status.UNKNOWN)
    found = optimisation_score.score(
        optimisation_score.Basis(
            open_gain=np.array([0.0, 0.2]),
            ends_at=np.array([0.9, status.UNKNOWN]),
            early=np.zeros(2),
            pace=none,
            efficiency=none,
            held=np.zeros(2),
            outage=np.array([False, True]),
            behind=two,
            evidence=np.array([0.5, 0.9]),
        )
    )
    assert found.lacking.shape == (2, 5)
    optimisation_score.together(found, two)


def ask() -> None:
    """Ask the questions of two campaigns at noon."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0, 0]))
    pacing = pacer.start(shapes, np.array([50.0, 80.0]), np.zeros(2))
    cells, late = np.tile(np.arange(12, 24), (2, 1)), np.zeros(2, dtype=np.int64)
    made = pacer.decide(pacing, shapes, cells, np.full(2, 900.0), (np.zeros(2), late))
    where = standing.Standing(
        budget=np.full(2, 900.0),
        spent=np.zeros(2),
        in_flight=np.zeros(2),
        unreported=late,
        price=np.zeros(2),
        lived=np.tile(np.arange(12), (2, 1)),
        ahead=cells,
    )
    questions.will_it_last(pacing, shapes, where, made)
    questions.multiplier_of(made)
    bounds = np.zeros(2, dtype=np.int64), np.full(2, 500)
    questions.split_of_day(np.array([900, 0]), np.ones((2, 168)), cells, bounds)
    week = patterns.estimate(patterns.unpack([b"", b""]), patterns.flat_prior(2))
    questions.what_was_learned(week, 3)
    questions.which_days(week)


def stand() -> None:
    """Say how two campaigns stand, and their account."""
    two = np.array([40.0, 900.0])
    did = status.Counts(spend=two, clicks=two, conversions=np.array([0.0, 30.0]), revenue=two)
    three = np.full((2, 3), 80.0)
    own = status.Budgets(budget=2 * three, spent=three, expected=three, target_cpa=two)
    status.status(did, did, own)
    status.status(
        status.together(did), status.together(did), status.budgets_together(own, did.conversions)
    )


def move() -> None:
    """Move a day's money after a morning that was twice as good as expected."""
    expected = np.full((2, 4), 9.0)
    counted = expected * np.array([[2.0], [1.0]])
    spread = reallocation.dispersion(counted, expected)
    found = reallocation.departure(
        reallocation.Today(
            counted=counted,
            expected=expected,
            maturity=np.ones((2, 4)),
            ages=np.tile(np.arange(4, 0, -1), (2, 1)),
        ),
        spread,
    )
    bounds = np.zeros(2, dtype=np.int64), np.full(2, 500)
    moved = reallocation.reallocate(np.array([900, 900]), np.ones((2, 25)), bounds, found)
    reallocation.because(found, int(moved.moved[0]), 0)


def try_out() -> None:
    """Move two decisions off what was decided, and hold them to limits of speed."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0, 0]))
    pacing = pacer.start(shapes, np.array([50.0, 80.0]), np.zeros(2))
    now = np.zeros(2), np.zeros(2, dtype=np.int64)
    made = pacer.decide(pacing, shapes, np.tile(np.arange(24), (2, 1)), np.full(2, 900.0), now)
    money = exploration.Reserve(total=np.array([50.0, 9.0]), used=np.zeros(2))
    coins = exploration.coin(np.array([3, 4]), np.array([0, 3_600]))
    open_ = np.ones(2, dtype=np.bool_)
    moved = exploration.explore(pacing.response, made, money, coins, open_=open_)
    exploration.charged(pacing.response, money, moved, np.array([40.0, 70.0]))
    exploration.towards_the_unknown(np.ones((2, 3)), np.full((2, 3), 0.5), np.array([0.1, 0.0]))
    still = velocity.at_rest(np.array([2.0, 4.0]))
    motion = velocity.moved_on(still, np.array([40.0, 0.0]), limited=open_)
    wanted = moved.spending.log_multiplier, moved.spending.cap
    limits = velocity.stated(np.array([1.5, velocity.ENDLESS]), np.array([velocity.ENDLESS, 2.0]))
    speed = velocity.Speed(limits=limits, motion=motion)
    velocity.held(speed, wanted, np.zeros(2), protecting=~open_)


def tell() -> None:
    """Tell of two events that overlap, with what follows them."""
    starts, ends, lift = events.disjoint(
        np.array([0, 7_200]), np.array([10_800, 90_000]), np.log([2.0, 0.5])
    )
    owners = np.zeros(len(starts), dtype=np.int64)
    told = events.Events(owners=owners, starts=starts, ends=ends, lift=lift)
    effect = coming_events.after_effect(np.array([[80.0, 0.0]]), np.array([[100.0, 9.0]]))
    after = coming_events.with_aftermath(told, effect, 86_400)
    coming_events.day_lifts(after, np.array([[0, 86_400]]), np.ones((1, 2, 24)))
    week, gaps = weeks.WeekWeights.of(np.ones((1, 168))), np.zeros((1, 0, 2), dtype=np.int64)
    events.more_weight(week, told, gaps, (np.array([3_600]), np.array([864_000])))
    events.touched(np.array([[0, 5_000]]), np.array([3_600]))


def collide() -> None:
    """Ask whether two campaigns can buy their minimums."""
    shapes = day_shapes.pooled(day_shapes.no_days()).of(np.array([0, 0]))
    known = response.new_response(shapes, np.log([50.0, 80.0]), np.zeros(2))
    minimum, highest = np.array([10.0, 1e9]), np.array([np.inf, 0.2])
    conflicts.unreachable(known, np.array([3, 23]), minimum, highest)


def over_deliver() -> None:
    """Keep two caps on the 11th of a month."""
    rules = platform_rules.rules_of(["google", "meta"])
    week, month, length = over_delivery.days_after(rules, np.array([20_523, 20_523]))
    spent = np.array([400, 900])
    never = np.zeros(2, dtype=np.int64)
    delivered = over_delivery.Delivered(
        highest_today=np.array([5_000, 0]),
        today=spent,
        week=2 * spent,
        month=9 * spent,
        week_before=never,
        month_before=spent,
        week_days=never,
        month_days=month + 2,
        week_left=week,
        month_left=month,
        month_length=length,
    )
    caps = over_delivery.Rest(day=10 * spent, week=50 * spent, month=90 * spent)
    over_delivery.highest_daily(rules, delivered, caps)
