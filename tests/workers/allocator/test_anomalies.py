"""Closed days that are not as they should be become conditions."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from engine.funnel_state import WATCH, unpack
from schemas import Condition, Scope, Shape, encode
from schemas.anomaly import Change, Effect, Signal
from tests.workers.allocator.days import Counts, a_day, begins, stored, times, told, usual
from tests.workers.allocator.test_pooling import Partition
from workers.allocator.anomaly_conditions import effect_of

LEARNED = 14
OTHERS = 9

BIG = 2**63 - 1
"""The largest count that a shape may have."""

COUNTS = ("impressions", "clicks", "spend_minor", "conversion_thousandths", "revenue_minor")


@pytest.fixture
def partition() -> Partition:
    """A partition that has seen two weeks of ten campaigns, none of them odd."""
    seen = Partition(0, partitions=1)
    assert usual(seen, OTHERS + 1, range(LEARNED)) == []
    return seen


def a_day_of_all(day: int, **odd: Any) -> list[Shape]:  # noqa: ANN401 -- fields of a record
    return [a_day(0, day, **odd), *(a_day(each, day) for each in range(1, OTHERS + 1))]


def of_campaign(said: list[Condition]) -> Condition:
    (condition,) = said
    assert (condition.scope, condition.key) == (Scope.CAMPAIGN, b"google:7:0#anomaly")
    return condition


def test_bids_and_budgets_that_move_are_nothing_odd(partition: Partition) -> None:
    assert usual(partition, OTHERS + 1, range(LEARNED, LEARNED + 21)) == []


def test_orders_that_are_told_in_another_unit_hold_their_campaign_from_that_hour_on(
    partition: Partition,
) -> None:
    said = told(partition, a_day_of_all(LEARNED, bent=times("revenue_minor", 100.0, first=9)))
    condition = of_campaign(said)
    (odd,) = condition.anomalies

    assert (odd.signal, odd.change, odd.effect) == (Signal.REVENUE, Change.SPIKE, Effect.HELD)
    assert (odd.since, odd.until) == (begins(LEARNED) + timedelta(hours=9), None)
    assert [(each.start, each.end) for each in condition.windows] == [
        (odd.since, begins(LEARNED + 1))
    ]
    assert condition.until == begins(LEARNED + 3)
    # What was told of these hours, and what the orders that were told are worth at 50.00 each.
    shape = a_day(0, LEARNED, bent=times("revenue_minor", 100.0, first=9))
    came = sum((shape.revenue_minor or ())[9:]) / 100.0
    assert odd.counted == pytest.approx(came, rel=0.01)
    assert odd.expected == pytest.approx(sum(shape.conversion_thousandths[9:]) * 0.05, rel=0.1)


def test_what_goes_on_is_said_again_and_is_over_with_the_first_day_that_is_right(
    partition: Partition,
) -> None:
    cents = times("revenue_minor", 100.0)
    first = of_campaign(told(partition, a_day_of_all(LEARNED, bent=cents)))
    again = of_campaign(told(partition, a_day_of_all(LEARNED + 1, bent=cents)))
    over = of_campaign(told(partition, a_day_of_all(LEARNED + 2)))

    assert [each.version for each in (first, again, over)] == [1, 2, 3]
    assert [each.anomalies[0].since for each in (first, again, over)] == [begins(LEARNED)] * 3
    assert again.anomalies[0].until is None
    assert over.anomalies[0].until == begins(LEARNED + 2)
    assert over.held_since() == ()
    # Its hours stay unlearned, and no other.
    assert [(each.start, each.end) for each in over.windows] == [
        (begins(LEARNED), begins(LEARNED + 2))
    ]
    assert usual(partition, OTHERS + 1, range(LEARNED + 3, LEARNED + 8)) == []


def test_what_was_over_before_the_day_closed_is_told_with_its_end(partition: Partition) -> None:
    bent = times("revenue_minor", 100.0, first=6, last=12)
    condition = of_campaign(told(partition, a_day_of_all(LEARNED, bent=bent)))
    (odd,) = condition.anomalies
    hours = [begins(LEARNED) + timedelta(hours=at) for at in (6, 12)]

    assert [odd.since, odd.until] == hours
    assert [(each.start, each.end) for each in condition.windows] == [(hours[0], hours[1])]
    assert condition.held_since() == ()


@pytest.mark.parametrize(
    ("name", "factor", "what"),
    [
        ("clicks", 0.05, (Signal.CLICKS, Change.OUTAGE, Effect.UNLEARNED)),
        ("clicks", 4.0, (Signal.CLICKS, Change.SPIKE, Effect.UNLEARNED)),
        ("conversion_thousandths", 4.0, (Signal.CONVERSIONS, Change.SPIKE, Effect.UNLEARNED)),
        ("conversion_thousandths", 0.0, (Signal.CONVERSIONS, Change.OUTAGE, Effect.TOLD)),
        ("revenue_minor", 0.01, (Signal.REVENUE, Change.OUTAGE, Effect.HELD)),
        ("impressions", 4.0, (Signal.IMPRESSIONS, Change.SPIKE, Effect.UNLEARNED)),
        ("spend_minor", 5.0, (Signal.SPEND, Change.SPIKE, Effect.TOLD)),
    ],
)
def test_what_follows_depends_on_what_is_odd_and_how(
    partition: Partition, name: str, factor: float, what: tuple[Signal, Change, Effect]
) -> None:
    condition = of_campaign(told(partition, a_day_of_all(LEARNED, bent=times(name, factor))))

    assert what in [(each.signal, each.change, each.effect) for each in condition.anomalies]
    unlearned = any(each.effect is not Effect.TOLD for each in condition.anomalies)
    assert bool(condition.windows) == unlearned


def test_hours_that_a_budget_cut_off_are_no_outage_of_spend(partition: Partition) -> None:
    def starved(counts: Counts) -> None:
        for name in counts:
            times(name, 0.0)(counts)

    assert told(partition, a_day_of_all(LEARNED, bent=starved, capped=(True,) * 24)) == []
    found = of_campaign(told(partition, a_day_of_all(LEARNED + 1, bent=starved))).anomalies
    assert [(each.signal, each.change) for each in found] == [(Signal.SPEND, Change.OUTAGE)]


def test_spend_that_a_limit_halves_is_nothing_odd_and_that_halves_without_one_is_a_fall(
    partition: Partition,
) -> None:
    def halved(counts: Counts) -> None:
        for name in counts:
            times(name, 0.5)(counts)

    spend = a_day(0, LEARNED, bent=halved).spend_minor
    limits = {"bent": halved, "allowed_minor": tuple(round(1.02 * each) for each in spend)}
    assert told(partition, a_day_of_all(LEARNED, **limits)) == []
    found = of_campaign(told(partition, a_day_of_all(LEARNED + 1, bent=halved))).anomalies
    assert [(each.signal, each.change) for each in found] == [(Signal.SPEND, Change.DROP)]
    assert found[0].effect is Effect.TOLD


def test_a_day_that_was_closed_late_says_nothing_of_conversions(partition: Partition) -> None:
    lost = times("conversion_thousandths", 0.0)
    late = {"bent": lost, "closed_at": begins(LEARNED + 1) + timedelta(hours=7)}

    assert told(partition, a_day_of_all(LEARNED, **late)) == []
    assert told(partition, a_day_of_all(LEARNED + 1, bent=lost)) != []


def test_a_day_that_comes_after_a_later_one_says_nothing(partition: Partition) -> None:
    told(partition, a_day_of_all(LEARNED + 1))

    assert told(partition, a_day_of_all(LEARNED, bent=times("revenue_minor", 100.0))) == []


def test_however_days_are_cut_into_steps_the_same_bytes_are_left_and_told() -> None:
    days = [a_day(each, day) for day in range(LEARNED) for each in range(3)]
    days += [a_day(each, LEARNED, times("clicks", 0.1)) for each in range(3)]
    days += [a_day(each, LEARNED + 1, times("clicks", 0.6)) for each in range(3)]
    whole, cut = Partition(0, partitions=1), Partition(0, partitions=1)
    at_once = told(whole, days)
    one_by_one = [said for day in days for said in told(cut, [day])]

    assert at_once
    assert [encode(each) for each in at_once] == [encode(each) for each in one_by_one]
    watched = [name for name in whole.rows if b"\0" in name and b"spend" not in name]
    assert {name: whole.rows[name] for name in watched} == {
        name: cut.rows[name] for name in watched
    }
    assert b"\0tally" in watched


def test_where_all_campaigns_are_a_little_odd_their_account_is_and_none_of_them_alone() -> None:
    partition, rate = Partition(0, partitions=1), 0.02
    assert usual(partition, 20, range(LEARNED), rate=rate) == []
    lost = [a_day(each, LEARNED, times("clicks", 0.3), rate=rate) for each in range(20)]
    said = told(partition, lost)

    account = said[-1]
    assert {each.scope for each in said} == {Scope.ACCOUNT}
    assert account.key == b"google:7#anomaly"
    (odd,) = account.anomalies
    assert (odd.signal, odd.until) == (Signal.CLICKS, None)
    assert len(said) < odd.counted <= odd.expected == 20
    # That a day is right is known when all of its campaigns are heard: when the next one begins.
    assert usual(partition, 20, range(LEARNED + 1, LEARNED + 2), rate=rate) == []
    (over,) = usual(partition, 20, range(LEARNED + 2, LEARNED + 3), rate=rate)
    assert over.anomalies[0].until is not None
    assert over.windows == account.windows


def test_what_is_suspected_and_what_is_over_is_counted_once_by_its_kind(
    partition: Partition,
) -> None:
    counted: Counter[tuple[str, ...]] = Counter()
    for day, factor in enumerate((100.0, 100.0, 1.0, 1.0), start=LEARNED):
        shapes = a_day_of_all(day, bent=times("revenue_minor", factor))
        records = stored(shapes)
        counted.update(partition.feed(records).counts)

    assert {name: count for name, count in counted.items() if name[0] == "anomalies"} == {
        ("anomalies", "revenue_spike", "suspected"): 1,
        ("anomalies", "revenue_spike", "over"): 1,
    }


def test_slow_changes_are_told_and_nothing_follows_from_them() -> None:
    slow = (Change.SINKING, Change.RISING, Change.DROP)

    assert {effect_of(signal, each) for signal in Signal for each in slow} == {Effect.TOLD}


@pytest.mark.parametrize(
    "allowed", [None, (0,) * 24, (BIG,) * 24, (None,) * 24, (0, BIG, None) * 8]
)
@pytest.mark.parametrize("capped", [None, (True,) * 24, (True, False) * 12])
@pytest.mark.parametrize(
    "odd",
    [
        *({name: (BIG,) * 24} for name in COUNTS),
        dict.fromkeys(COUNTS, (BIG,) * 24),
        dict.fromkeys(COUNTS, (0,) * 24),
        {"spend_minor": (BIG, *(0,) * 23)},
        {"log_multiplier": (20.0, -20.0) * 12},
        {"observed": (False,) * 24},
    ],
    ids=",".join,
)
def test_whatever_a_day_counts_what_is_told_of_it_can_be_read_and_the_next_are_judged(
    odd: dict[str, Any], capped: tuple[bool, ...] | None, allowed: tuple[int | None, ...] | None
) -> None:
    """What was told is read again with the next day: were it unlawful, no day would be taken."""
    partition = Partition(0, partitions=1)
    partition.rows.update(rows_of_one())
    limits = {"capped": capped, "allowed_minor": allowed}
    told(partition, [replace(a_day(0, LEARNED), **odd, **limits)])
    for day in range(LEARNED + 1, LEARNED + 4):
        told(partition, [a_day(0, day)])
    again = a_day(0, LEARNED + 4, bent=times("revenue_minor", 100.0))
    told(partition, [again])
    (value,) = (value for key, value in partition.rows.items() if key.endswith(b"\0watch"))
    row = unpack([value[-WATCH.itemsize :]])
    assert all(np.isfinite(row[name]).all() for name in WATCH.names or ())


@cache
def rows_of_one() -> dict[bytes, bytes]:
    """Return what is known of one campaign that was never odd."""
    partition = Partition(0, partitions=1)
    assert usual(partition, 1, range(LEARNED)) == []
    return dict(partition.rows)
