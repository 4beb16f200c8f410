"""The loop of the tests reaches the whole engine: no public function is left to itself."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from types import CodeType, FrameType
from typing import Any

from engine.situation import _nobody
from engine.zones import zone_days
from schemas import Budget, CalendarEvent, Shape, decode, encode, topics
from schemas.fields import BudgetPeriod
from tests.engine.public import public_functions
from tests.workers.adviser.test_emergencies import lived as lived_as_ever
from tests.workers.adviser.test_emergencies import trouble
from tests.workers.adviser.world import advised_on
from tests.workers.allocator.currencies import Exchanging, a_rate, in_money
from tests.workers.allocator.exploring import a_loop, a_market
from tests.workers.allocator.groups import grown, history
from tests.workers.allocator.test_pooling import pool
from tests.workers.allocator.trees import grown_tree
from tests.workers.experiment.logs import a_log
from tests.workers.experiment.logs import an_experiment as an_experiment_of_two
from tests.workers.explain.histories import Kept
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.test_experiments import an_experiment, told
from tests.workers.optimizer.test_learning_reserve import lived
from tests.workers.optimizer.test_reallocating import after
from tests.workers.optimizer.test_speed import rails, starved
from tests.workers.optimizer.world import World, a_plan, an_event, hour
from tests.workers.scorer.world import World as Scored
from tests.workers.scorer.world import a_plan as a_scored_plan
from tests.workers.scorer.world import an_event as a_scored_hour
from tests.workers.scorer.world import budget, followed
from tests.workers.status.books import a_book
from workers.experiment.analysing import analysed
from workers.optimizer.learned import _nobody_learned
from workers.status.answering import answers_of
from workers.status.asking import ask
from workers.status.standing import campaigns_of, totals_of

LIBRARY = {
    "allocation",
    "allocation_targets",
    "allocation_tree",
    "anomalies",
    "bid_bandit",
    "bid_gains",
    "bid_multipliers",
    "bids",
    "calibration",
    "ceiling",
    "chain_ladder",
    "cohorts",
    "coming_events",
    "curve_families",
    "curves",
    "conversion_rates",
    "day_shapes",
    "demand",
    "exploration",
    "futures",
    "hill_curves",
    "hour_blocks",
    "thresholds",
    "log_linear",
    "mean_rates",
    "order_values",
    "rate_cells",
    "rate_factors",
    "value_growth",
    "value_lasting",
    "value_spread",
    "what_if",
    "whole_units",
}
"""What docs/engine.md shows beside what the workers use; their own tests reach all of it."""


def teach(world: World) -> None:
    """Pool the days that were closed, and tell it."""
    shapes = world.policy.topic(topics.SHAPES)
    told = [decode(out.value or b"", Shape) for out in world.outputs if out.topic == shapes]
    priors = {key: encode(prior) for key, prior in pool(told)[0].items()}
    world.broadcasts[world.policy.topic(topics.PRIORS)] = priors


def judge_at_a_horizon(world: World) -> None:
    """Hold an hour whose revenue grows against a target of revenue after ninety days."""
    world.metrics(an_event(98))
    world.plan(version=12, strategy="adaptive", target_roas=4.0, value_horizon_days=90)
    world.metrics(an_event(99), an_event(99, revenue=Decimal(99), emitted_at=hour(102)))


def a_campaigns_life() -> None:
    """Two days of learning, a change of zone and flight, a change of budget, pooled shapes."""
    # What an earlier test has asked for once would not be reckoned again.
    for kept in (zone_days, _nobody, _nobody_learned):
        kept.cache_clear()
    world = World()
    world.plan(strategy="dayparting", rollover="full")
    say(world, entry("5", 1))
    world.metrics(*(an_event(number) for number in range(50)), an_event(3, clicks=9))
    world.plan(version=2, timezone="Europe/Berlin", flight_start=date(2026, 3, 3))
    world.metrics(an_event(50, account_timezone="Europe/Paris"))
    names = ("front_loading", "performance_based", "conversion_pattern")
    sale = CalendarEvent(name="Sale", start=hour(52), end=hour(60), expected_lift=2.0)
    down = CalendarEvent(name="Down", start=hour(9), end=hour(10), exclude_from_learning=True)
    calendar = (sale, down)
    for version, name in enumerate(names, start=3):
        world.plan(version=version, strategy=name, timezone="Europe/Berlin", calendar=calendar)
        world.metrics(an_event(48 + version))
    world.plan(
        version=9,
        strategy="adaptive",
        budget=Budget(amount=Decimal(999), period=BudgetPeriod.MONTH),
    )
    say(world, entry("1.2", 52, field="bid_multiplier", hourly_cap=Decimal(5)))
    say(world, entry("1.3", 76, field="bid_multiplier", hourly_cap=Decimal(6)))
    world.metrics(
        *(an_event(number) for number in range(55, 79)), an_event(70, clicks=7, spend=Decimal(9))
    )
    world.metrics(an_event(79, emitted_at=hour(82)))
    teach(world)
    world.metrics(an_event(80), an_event(81))
    least: dict[str, Any] = {"min_daily_budget": Decimal(9), "min_hourly_budget": Decimal("0.1")}
    world.plan(version=10, strategy="adaptive", target_cpa=Decimal(3), **least)
    world.metrics(*(an_event(number) for number in range(82, 86)))
    world.metrics(an_event(84, emitted_at=hour(88)))
    world.metrics(an_event(84, conversions=Decimal(3), emitted_at=hour(90)), an_event(96))
    teach(world)
    world.metrics(an_event(97))
    world.plan(version=11, strategy="adaptive", calendar=calendar)
    judge_at_a_horizon(world)


def ask_about_campaigns() -> None:
    """Ask how two campaigns stand, one of them with its bids set, and all about both."""
    for strategy in ("dayparting", "adaptive"):
        world = Kept()
        world.plan(strategy=strategy)
        for number in range(30):
            world.metrics(
                an_event(number),
                *([an_event(number - 1, conversions=Decimal(3))] if number else []),
            )
        events = [an_event(number) for number in range(30)]
        told = [each.advice for each in world.history().published]
        for period in (BudgetPeriod.DAY, BudgetPeriod.MONTH):
            plan = a_plan(budget=Budget(amount=Decimal(999), period=period))
            book = a_book(events, plans=[plan], recommendations=told)
            keys = list(book.campaigns)
            campaigns = campaigns_of(book, keys)
            totals_of(book, keys, campaigns)
            found = ask(world.policy, world.history(), len(told) - 1)
            answers_of(book, keys[0], campaigns[0], found)


def look_back() -> None:
    """Score advice that was followed."""
    world = Scored()
    advice = budget(72, 1, 48.0)
    world.say(a_scored_plan(), advice, followed(advice))
    world.say(*(a_scored_hour(number) for number in range(48, 96)))
    world.ticks(72, 72 + 40)


def in_two_currencies() -> None:
    """Share out for a group of which a member pays in dollars."""
    allocator = Exchanging()
    rows = in_money(history(10), {"b": ("USD", 2)})
    allocator.rates(a_rate("EUR", "USD", "2", 10))
    allocator.rows(rows[:-1])
    allocator.group()
    allocator.rows(rows[-1:])


def try_a_policy() -> None:
    """Decide a day under an experiment, and compare the sides of another."""
    world = told(World(), an_experiment())
    world.plan()
    world.metrics(*(an_event(number) for number in range(30)))
    compared = an_experiment_of_two()
    analysed(a_log(compared, 30), compared)


def test_every_public_function_of_the_engine_is_documented_and_reached() -> None:
    found = public_functions()
    called: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            called.add(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        a_campaigns_life()
        lived(36, learning_share=1.0)
        ask_about_campaigns()
        try_a_policy()
        after([6] * 8)
        grown(10)
        advised_on()
        trouble(lived_as_ever(until=8 * 24, target_cpa=None), first=8 * 24, cost=3.0)
        look_back()
        grown_tree(10, 1)
        a_loop(a_market(1, 3)).live(0, 20)
        in_two_currencies()
        starved(rails(max_multiplier_step=1.25, max_spend_step_pct=50.0))
    finally:
        sys.setprofile(before)
    assert len(found) >= 60
    assert [name for name, function in found.items() if not function.__doc__] == []
    missed = [name for name, function in found.items() if function.__code__ not in called]
    assert [name for name in missed if name.partition(".")[0] not in LIBRARY] == []
    assert {name.partition(".")[0] for name in missed} == LIBRARY
