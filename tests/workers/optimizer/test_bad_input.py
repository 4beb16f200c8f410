"""Bad input: a dead letter with its reason or a hold, and the stream goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas import Budget, BudgetPeriod, HoldReason, encode, topics
from schemas.codec import MAX_RECORD_BYTES
from schemas.headers import HEALED
from tests.workers.optimizer.world import KEY, START, World, a_plan, an_event, hour
from workers.delivery.dead_letters import DeadLetterPolicy, DeadLetterWatch
from workers.delivery.errors import DeadLetterLimitError
from workers.delivery.sizes import LARGEST_BATCH
from workers.partitioner import partition_of


def altered(**fields: Any) -> bytes:  # noqa: ANN401 -- JSON
    return json.dumps(json.loads(encode(an_event(0))) | fields).encode()


@pytest.mark.parametrize(
    ("value", "reason", "field"),
    [
        (b"{", "not_json", ""),
        (b"", "empty", ""),
        (None, "empty", ""),
        (b" " * (10 << 20), "too_large", ""),
        (altered(clicks="many"), "wrong_type", "clicks"),
        (altered(spend=float("1e300")), "out_of_range", "spend"),
        (encode(an_event(0)).replace(b'"4.00"', b"NaN"), "not_finite", "spend"),
        (altered(clicks=-1), "negative", "clicks"),
        (altered(impressions=10**30), "out_of_range", "impressions"),
        (altered(conversions=10**10), "out_of_range", "conversions"),
        (altered(window_start="2026-03-02T00:00:00"), "naive_time", "window_start"),
        (altered(window_start="2026-03-02T00:10:00Z"), "not_one_hour", "window_start"),
        (altered(account_timezone="Mars/Olympus"), "unknown_timezone", "account_timezone"),
        (altered(currency="XXX"), "unknown_currency", "currency"),
        (altered(campaign_id="43"), "key_mismatch", "key"),
        (
            altered(window_start="2026-03-02T02:00:00Z", emitted_at=None),
            "in_the_future",
            "window_start",
        ),
        # Told at 1:05, on a clock four hours ahead that calls itself UTC; and a wrong century.
        (altered(emitted_at="2026-03-02T05:05:00Z"), "in_the_future", "emitted_at"),
        (altered(emitted_at="2090-03-02T01:05:00Z"), "in_the_future", "emitted_at"),
    ],
)
def test_a_metrics_record_that_cannot_be_used_is_put_aside_and_the_next_is_taken(
    value: bytes | None, reason: str, field: str
) -> None:
    world = World()
    world.plan()
    bad = world.stored(topics.METRICS, value, hour(1.5))
    world.feed("metrics", [bad, world.metric(an_event(0))])
    letter = world.dead_letters[0]
    assert (letter.reason, letter.field, letter.record) == (reason, field, bad)
    assert letter.detail
    assert world.counts["events", reason] == 1
    assert len(world.advice) == 1


@pytest.mark.parametrize(("seconds", "taken"), [(300, True), (301, False)])
def test_no_decision_is_made_further_ahead_of_its_record_than_is_tolerated(
    seconds: int, *, taken: bool
) -> None:
    world = World()
    event = an_event(0)
    assert event.emitted_at
    at = event.emitted_at - timedelta(seconds=seconds)
    world.feed("metrics", [world.stored(topics.METRICS, encode(event), at)])
    assert [advice.decided_at for advice in world.advice] == [event.emitted_at] * taken
    assert len(world.dead_letters) == (not taken)


@pytest.mark.parametrize("stamp", [-1, 2**62])
def test_a_record_whose_timestamp_is_absurd_is_put_aside(stamp: int) -> None:
    world = World()
    record = replace(world.metric(an_event(0, emitted_at=None)), timestamp=stamp)
    world.feed("metrics", [record])
    assert [letter.field for letter in world.dead_letters] == ["timestamp"]


@pytest.mark.parametrize("period", list(BudgetPeriod))
@pytest.mark.parametrize("currency", ["JPY", "EUR", "KWD", "CLF"])
def test_whatever_was_spent_all_that_is_published_can_be_read(
    period: BudgetPeriod, currency: str
) -> None:
    world = World()
    flight = {"flight_start": date(2026, 3, 1), "flight_end": date(2099, 12, 31)}
    whole: dict[str, Any] = flight if period is BudgetPeriod.FLIGHT else {}
    budget = Budget(amount=Decimal(10**12), period=period)
    world.plan(currency=currency, budget=budget, **whole)
    for number in range(12):
        world.metrics(an_event(number, spend=Decimal(10**12), currency=currency))
    assert len(world.advice) == 12
    for advice in world.advice:
        projected = advice.projected_spend
        assert projected
        assert advice.spend_to_date
        assert advice.spend_to_date <= projected.p10 <= projected.p50 <= projected.p90
    assert all(action.target >= 0 for action in world.actions)


def test_an_hour_forty_days_old_is_put_aside() -> None:
    world = World()
    world.metrics(an_event(24 * 40), an_event(0, emitted_at=hour(24 * 41)))
    assert [letter.reason for letter in world.dead_letters] == ["too_old"]


def test_an_event_with_more_than_one_fault_has_one_dead_letter_and_one_outcome() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, record_mode="delta", event_id="a"), an_event(24 * 40))
    late = {"currency": "USD", "record_mode": "delta", "event_id": "a", "emitted_at": hour(24 * 41)}
    world.metrics(an_event(0, **late))
    world.metrics(an_event(0, **late | {"currency": "EUR"}))
    reasons = [letter.reason for letter in world.dead_letters]
    assert reasons == ["currency_mismatch", "too_old"]
    outcomes = {name: n for name, n in world.counts.items() if name[0] == "events"}
    assert outcomes == {("events", "new"): 2, **{("events", reason): 1 for reason in reasons}}


def test_a_publisher_whose_every_record_is_refused_stops_the_worker_after_the_run() -> None:
    world = World()
    world.metrics(an_event(24 * 40))
    watch = DeadLetterWatch(DeadLetterPolicy(run=12, ratio=1.0, window=1_000))
    faults: list[dict[str, Any]] = [{"currency": "USD"}, {}, {"currency": "USD", "event_id": "a"}]
    events = [
        an_event(number, **fault, emitted_at=hour(24 * 41))
        for number in range(2)
        for fault in faults
    ]
    watch.check(6, world.metrics(*events).dead_letters)
    with pytest.raises(DeadLetterLimitError, match="12 dead letters in a row"):
        watch.check(6, world.metrics(*events).dead_letters)


def test_unknown_fields_are_counted_and_ignored() -> None:
    world = World()
    world.feed("metrics", [world.stored(topics.METRICS, altered(colour="red"), hour(1.5))])
    assert world.counts["unknown_fields",] == 1
    assert len(world.advice) == 1


def test_an_hour_that_overlaps_another_is_put_aside() -> None:
    world = World()
    half = START + timedelta(minutes=30)
    world.metrics(an_event(0), an_event(0, window_start=half, account_timezone="Asia/Kolkata"))
    assert [letter.reason for letter in world.dead_letters] == ["overlapping_hours"]


def test_an_hour_takes_snapshots_or_deltas_not_both() -> None:
    world = World()
    delta = an_event(0, record_mode="delta", event_id="a")
    world.metrics(an_event(0))
    world.feed("metrics", [world.stored(topics.METRICS, encode(delta), hour(2))])
    assert [letter.reason for letter in world.dead_letters] == ["mixed_modes"]


def test_more_deltas_of_an_hour_than_can_be_told_apart_are_put_aside() -> None:
    world = World()
    events = [an_event(0, record_mode="delta", event_id=str(number)) for number in range(257)]
    records = [world.stored(topics.METRICS, encode(event), hour(2)) for event in events]
    world.feed("metrics", records)
    world.feed("metrics", records[:1])
    assert [letter.reason for letter in world.dead_letters] == ["too_many_deltas"]
    assert world.counts["events", "duplicate"] == 1


def test_a_record_in_the_wrong_partition_is_sent_on_once() -> None:
    home = partition_of(KEY, 8)
    world = World(partitions=8, partition=(home + 1) % 8)
    record = world.metric(an_event(0), key=None)
    step = world.feed("metrics", [record])
    sent = step.outputs[0]
    assert (sent.key, sent.value, sent.partition) == (KEY, record.value, home)
    assert sent.headers == ((HEALED, b"1"),)
    assert not step.writes
    again = world.feed("metrics", [world.metric(an_event(0), headers=sent.headers)])
    assert not again.outputs
    assert [letter.reason for letter in world.dead_letters] == ["key_mismatch"]


def test_a_record_in_the_wrong_partition_that_its_topic_would_not_take_again_is_put_aside() -> None:
    home = partition_of(KEY, 8)
    world = World(partitions=8, partition=(home + 1) % 8)
    record = world.metric(an_event(0), headers=(("trace", bytes(1 << 20)),))
    step = world.feed("metrics", [record])
    assert not step.outputs
    assert [letter.reason for letter in world.dead_letters] == ["too_large"]


def test_a_plan_of_the_largest_size_that_is_read_fits_its_table() -> None:
    world = World()
    value = encode(a_plan())
    world.feed("plans", [world.stored(topics.PLANS, value.ljust(MAX_RECORD_BYTES), START, key=KEY)])
    (stored,) = world.tables["plans"].values()
    assert MAX_RECORD_BYTES < len(stored) + len(KEY) < LARGEST_BATCH
    world.feed("plans", [world.stored(topics.PLANS, value.ljust(MAX_RECORD_BYTES + 1), START)])
    assert [letter.reason for letter in world.dead_letters] == ["too_large"]


def test_a_record_without_a_key_is_taken_where_it_belongs() -> None:
    world = World(partitions=8, partition=partition_of(KEY, 8))
    world.feed("metrics", [world.metric(an_event(0), key=None)])
    assert len(world.advice) == 1


def test_a_plan_that_goes_backwards_is_put_aside() -> None:
    world = World()
    world.plan(version=3)
    for version, amount in ((2, "1.00"), (3, "2.00")):
        budget = a_plan().budget
        world.plan(version=version, daily_cap=Decimal(amount), budget=budget)
    assert [letter.reason for letter in world.dead_letters] == ["old_version", "same_version"]
    world.plan(version=3)
    assert len(world.dead_letters) == 2
    world.metrics(an_event(0))
    assert world.advice[-1].plan_version == 3


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (b"{}", KEY, "missing"),
        (encode(a_plan()).replace(b'"version"', b'"colour":1,"version"'), KEY, "unknown_field"),
        (encode(a_plan()), b"google:7:43", "key_mismatch"),
        (None, b"nonsense", "invalid_key"),
        (None, None, "invalid_key"),
    ],
)
def test_a_plan_that_cannot_be_read_is_put_aside(
    value: bytes | None, key: bytes | None, reason: str
) -> None:
    world = World()
    world.feed("plans", [world.stored(topics.PLANS, value, START, key=key)])
    assert [letter.reason for letter in world.dead_letters] == [reason]
    assert not world.tables["plans"]


def test_a_plan_below_what_is_spent_is_held() -> None:
    world = World()
    world.plan()
    world.metrics(an_event(0, spend=Decimal(100)))
    smaller = a_plan(version=2, daily_cap=Decimal(50))
    world.plan(smaller)
    world.metrics(an_event(1))
    assert world.advice[-1].recommended_value == 0 or world.advice[-1].hold_reason
    budget = type(smaller.budget)(amount=Decimal(90), period=smaller.budget.period)
    world.plan(a_plan(version=3, budget=budget))
    world.metrics(an_event(2))
    assert world.advice[-1].hold_reason is HoldReason.BUDGET_GONE


def test_a_tick_of_another_partition_or_from_the_future_is_put_aside() -> None:
    world = World()
    world.feed("ticks", [world.stored(topics.TICKS, b"[]", START)])
    world.tick(hour(1))
    stale = world.stored(topics.TICKS, b'{"partition":3,"time":"2026-03-02T00:00:00Z"}', START)
    ahead = world.stored(topics.TICKS, b'{"partition":0,"time":"2026-03-02T01:00:00Z"}', START)
    world.feed("ticks", [stale, ahead])
    reasons = [letter.reason for letter in world.dead_letters]
    assert reasons == ["wrong_type", "contradiction", "in_the_future"]
