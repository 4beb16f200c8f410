"""What the scorer tells of advice that was followed, whatever way the log reached it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas import (
    AuditStatus,
    Budget,
    BudgetPeriod,
    Impact,
    MetricsEvent,
    Outcome,
    Range,
    Recommendation,
    Verdict,
)
from schemas.record import CampaignRecord
from tests.workers.scorer.world import (
    KEY,
    World,
    a_plan,
    an_event,
    budget,
    followed,
    hour,
    pacing,
)
from workers.scorer.rows import Projections, unpack

END = 24 * 17
"""Hours after which nothing of the first two days is corrected any more."""


def a_day(first: int = 0) -> list[MetricsEvent]:
    return [an_event(first + number, str(1 + number)) for number in range(24)]


def spend_of(events: Iterable[MetricsEvent]) -> Decimal:
    """Return what the last word on each hour adds up to."""
    last = {event.window_start: event.spend for event in events}
    return sum(last.values(), Decimal(0))


def verdicts(world: World) -> dict[tuple[str, int], tuple[object, ...]]:
    return {
        name: (one.verdict, one.provisional, one.reported_spend, one.reported_conversions)
        for name, one in world.last.items()
    }


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ("290", "310", Verdict.AS_PROJECTED),
        ("300", "300", Verdict.AS_PROJECTED),
        ("300.02", "310", Verdict.LESS),
        ("280", "299.98", Verdict.MORE),
    ],
)
def test_a_days_spend_is_held_against_the_interval_to_the_minor_unit(
    low: str, high: str, verdict: Verdict
) -> None:
    world = World()
    advice = pacing(0, low, high, high)
    world.say(a_plan(), advice, followed(advice), *a_day())
    world.ticks(0, END)

    # 1 + 2 + ... + 24 = 300, reckoned by hand.
    assert [(one.horizon_days, one.version) for one in world.told] == [(1, 1), (7, 1), (14, 1)]
    for one in world.told:
        assert one.spend is not None
        assert (one.verdict, one.spend.realised) == (verdict, Decimal("300.0"))
        assert one.spend.error_pct == pytest.approx(100 * (300 / float(high) - 1), abs=0.01)
        assert not one.provisional


def test_of_a_days_many_the_first_that_was_followed_is_scored_and_no_more_are_kept() -> None:
    world = World()
    world.say(a_plan(), *a_day())
    for number in range(24):
        advice = pacing(number, "290", "300", "310")
        status = AuditStatus.REJECTED if number < 3 else AuditStatus.SIMULATED
        world.say(advice, followed(advice, status))
    world.say(*a_day(24), *(pacing(number, "1", "2", "3") for number in (48, 72)))
    later = pacing(100, "1", "2", "3")
    world.say(later, followed(later))
    world.ticks(0, 40)

    assert [one.recommendation_id for one in world.told] == [f"{3:032x}"]
    rows = [unpack(row, Projections) for row in world.tables["recommendations"].values()]
    # The three that came before it until the trail has been read a day further.
    hours = sorted(one.hour for row in rows for one in row.kept)
    assert hours == [int(hour(each).timestamp()) for each in (0, 1, 2, 3, 48, 72, 100)]


def test_the_first_of_a_day_is_scored_though_a_later_one_was_followed_before_it() -> None:
    world = World()
    early, late = pacing(2, "290", "300", "310"), pacing(9, "1", "2", "3")
    world.say(a_plan(), *a_day(), early, late, followed(late))
    world.say(followed(early, at=hour(10)))
    world.ticks(0, 40)

    assert [one.recommendation_id for one in world.told] == [early.recommendation_id]


def test_advice_that_nobody_followed_has_no_outcome() -> None:
    world = World()
    advice = pacing(0, "1", "2", "3")
    world.say(a_plan(), advice, *a_day())
    for status in set(AuditStatus) - {"simulated", "applied", "confirmed", "no_op"}:
        world.say(followed(advice, AuditStatus(status)))
    world.ticks(0, END)

    assert world.told == []


def test_one_value_that_a_platform_took_is_neither_the_advice_followed_nor_a_change() -> None:
    world = World()
    advice, first = pacing(0, "1", "2", "3"), budget(72, 7, 336.0)
    world.say(a_plan(), advice, *a_day(), first, followed(first))
    world.say(followed(advice, AuditStatus.APPLIED, field="platform_bid"))
    # One every hour for six days: what the budget was is known all the same.
    parts = [
        followed(first, AuditStatus.APPLIED, field="platform_bid", at=hour(73 + number))
        for number in range(24 * 6)
    ]
    world.say(*parts)
    world.say(*(an_event(number) for number in range(24, 24 * 14)))
    world.ticks(0, 72 + END)

    assert {one.recommendation_id for one in world.told} == {first.recommendation_id}
    assert world.last[first.recommendation_id, 7].measured_until == hour(72 + 24 * 7)


def test_a_horizon_is_told_once_its_time_has_come_and_not_before() -> None:
    world = World()
    advice = pacing(0, "290", "300", "310")
    world.say(a_plan(), advice, followed(advice), *a_day())
    world.ticks(0, END)

    assert [one.horizon_days for one in world.told] == [1, 7, 14]
    for one in world.told:
        due = hour(24 * one.horizon_days) + timedelta(minutes=1)
        assert timedelta() <= one.told_at - due <= timedelta(hours=7)


def test_a_month_is_scored_where_it_has_ended_and_from_its_first_day_on() -> None:
    plan = a_plan(budget=Budget(amount=Decimal(9_000), period=BudgetPeriod.MONTH))
    early, late = pacing(24 * 3, "7000", "7210", "7500"), pacing(24 * 25, "7000", "7210", "7500")
    world = World()
    world.say(plan, early, followed(early))
    # March began a day before the first hour here, and has 744 hours.
    world.say(*(an_event(number) for number in range(-24, 744 - 24)))
    world.say(late, followed(late))
    world.ticks(24 * 3, 24 * 45)

    assert {key for key, _ in world.last} == {late.recommendation_id}
    assert {horizon for _, horizon in world.last} == {7, 14}
    assert all(one.reported_spend == Decimal(7_440) for one in world.told)


def test_a_plan_that_changes_before_its_period_ends_leaves_nothing_to_be_held_against() -> None:
    world = World()
    advice = pacing(0, "290", "300", "310")
    world.say(a_plan(), advice, followed(advice), *a_day())
    world.say(a_plan(version=2), at=hour(12))
    world.ticks(0, END)

    assert [(one.verdict, one.horizon_days) for one in world.told] == [(Verdict.OVERTAKEN, 1)]


def test_a_budget_is_held_against_the_part_of_its_days_that_has_passed() -> None:
    world = World()
    advice = budget(72, 7, 7 * 48.0)
    world.say(a_plan(), advice, followed(advice))
    world.say(*(an_event(number) for number in range(24 * 12)))
    world.ticks(72, 72 + END)

    found = {one.horizon_days: one.conversions for one in world.told}
    # Two conversions an hour: 48 a day, and 336 in seven.
    realised = {days: one.realised for days, one in found.items() if one}
    assert realised == {1: Decimal("48.0"), 7: Decimal("336.0"), 14: Decimal("336.0")}
    assert all(one is not None and one.error_pct == 0.0 for one in found.values())
    assert found[1] is not None
    assert found[1].p90 == Decimal("60.0")


def test_a_budget_counts_only_while_nothing_else_took_its_place() -> None:
    world = World()
    first, second = budget(72, 7, 336.0), budget(72 + 48, 7, 336.0)
    undone = followed(first, AuditStatus.ROLLED_BACK, at=hour(72 + 30))
    late = budget(72 + 24 * 6 + 12, 1, 48.0, recommendation_id=f"{77:032x}")
    world.say(a_plan(), first, followed(first), second, followed(second))
    world.say(late, followed(late), undone)
    world.say(*(an_event(number) for number in range(24 * 14)))
    world.ticks(72, 72 + END)

    stretch = {
        (key, days): (one.measured_from, one.measured_until)
        for (key, days), one in world.last.items()
    }
    # Rolled back at six in the morning of its second day: the first one is all it had.
    assert stretch[first.recommendation_id, 7] == (hour(72), hour(72 + 24))
    # Something else at noon of its seventh day: that day is neither's, and the other had no whole.
    assert stretch[second.recommendation_id, 7] == (hour(120), hour(120 + 24 * 5))
    assert world.last[late.recommendation_id, 1].verdict is Verdict.OVERTAKEN


@pytest.mark.parametrize("status", [AuditStatus.UNVERIFIED, AuditStatus.INTENT])
def test_what_may_have_taken_its_place_ends_it_and_what_is_about_to_be_sent_does_not(
    status: AuditStatus,
) -> None:
    world = World()
    first, second = budget(72, 7, 336.0), budget(72 + 48, 7, 336.0)
    world.say(a_plan(), first, followed(first), second, followed(second, status))
    world.say(*(an_event(number) for number in range(24 * 14)))
    world.ticks(72, 72 + END)

    assert {key for key, _ in world.last} == {first.recommendation_id}
    stood = 2 if status is AuditStatus.UNVERIFIED else 7
    assert world.last[first.recommendation_id, 7].measured_until == hour(72 + 24 * stood)


def test_what_a_change_gained_is_its_value_on_top_less_what_the_money_is_worth_elsewhere() -> None:
    world = World()
    advice = budget(72, 1, 48.0)
    world.say(a_plan(), advice, followed(advice))
    world.say(*(an_event(number) for number in range(72)))
    world.say(*(an_event(number, "12", conversions=Decimal("2.4")) for number in range(72, 96)))
    world.ticks(72, 72 + 40)

    # 9.6 conversions more for 48 euros more, which bring 0.15 each elsewhere: 9.6 - 7.2.
    assert world.last[advice.recommendation_id, 1].gain == Decimal("2.4")


def test_conversions_still_to_come_are_counted_in_and_the_outcome_is_provisional() -> None:
    world = World()
    # Half of the conversions are told a day late, for two weeks: the delay is learned from it.
    for day in range(14):
        world.say(*(an_event(24 * day + number, conversions=Decimal(1)) for number in range(24)))
        if day:
            world.say(*(again(24 * (day - 1) + number, "2") for number in range(24)))
    advice = budget(24 * 13, 1, 48.0)
    world.say(a_plan(), advice, followed(advice))
    world.ticks(24 * 14 - 1, 24 * 14 + 7)
    young = world.last[advice.recommendation_id, 1]
    world.say(*(again(24 * 13 + number, "2") for number in range(24)))
    world.ticks(24 * 14 + 8, 24 * 13 + END)
    final = world.last[advice.recommendation_id, 1]

    assert young.conversions is not None
    assert final.conversions is not None
    assert young.provisional
    assert young.maturity is not None
    assert young.maturity < 0.95
    assert young.conversions.realised > 1.2 * float(young.reported_conversions or 0)
    assert not final.provisional
    assert final.version > 1
    assert float(final.conversions.realised) == pytest.approx(48.0, rel=0.03)


def again(number: int, conversions: str) -> MetricsEvent:
    """Return hour ``number`` as it is told 30 hours after it."""
    at = hour(number + 31)
    return an_event(number, conversions=Decimal(conversions), emitted_at=at)


def test_a_restatement_inside_the_window_corrects_and_one_after_it_does_not() -> None:
    world = World()
    advice = pacing(0, "290", "300", "310")
    world.say(a_plan(), advice, followed(advice), *a_day())
    world.ticks(0, 24 * 3)
    world.say(an_event(5, "106", emitted_at=hour(24 * 3)))
    world.ticks(24 * 3, END)
    told = len(world.told)
    world.say(an_event(6, "999", emitted_at=hour(END)))
    world.ticks(END, END + 48)

    assert len(world.told) == told
    first = [one for one in world.told if one.horizon_days == 1]
    assert [(one.version, one.verdict) for one in first] == [
        (1, Verdict.AS_PROJECTED),
        (2, Verdict.MORE),
    ]
    # 300 less 6 and 106 for it.
    assert {one.reported_spend for one in world.last.values()} == {Decimal(400)}


def test_an_hour_that_nobody_reported_makes_it_provisional_until_it_is() -> None:
    world = World()
    advice = pacing(0, "290", "300", "310")
    world.say(a_plan(), advice, followed(advice), *a_day()[:-1])
    world.ticks(0, 31)
    before = world.told[-1]
    world.say(a_day()[-1])
    world.ticks(32, END)

    assert (before.provisional, before.hours_missing, before.verdict) == (True, 1, Verdict.LESS)
    after = world.last[advice.recommendation_id, 1]
    assert (after.provisional, after.hours_missing, after.verdict) == (
        False,
        0,
        Verdict.AS_PROJECTED,
    )


def test_ticks_and_records_that_come_again_tell_nothing_anew() -> None:
    world = World()
    advice = pacing(0, "290", "300", "310")
    records = (a_plan(), advice, followed(advice), *a_day())
    for _ in range(2):
        world.say(*records)
        world.ticks(30, 32)

    assert [(one.horizon_days, one.version) for one in world.told] == [(1, 1)]


def the_log() -> list[CampaignRecord]:
    """Return three days with deltas, restatements and a budget, as one log."""
    advices: list[Recommendation] = []
    for day in range(3):
        advices += [pacing(24 * day + number, "230", "250", "260") for number in range(24)]
    advices.append(budget(50, 7, 300.0))
    events = [an_event(number, sequence_number=1) for number in range(72)]
    events += [
        an_event(number, "12", sequence_number=2, emitted_at=hour(number + 5))
        for number in range(0, 72, 7)
    ]
    plans = [a_plan()]
    return [*plans, *advices, *(followed(advice) for advice in advices), *events]


def fed(log: Sequence[CampaignRecord], cut: Callable[[int], int]) -> World:
    """Return a world that read the log topic by topic in some order, ``cut`` records a step."""
    world = World()
    left = list(log)
    while left:
        kind = type(left[0])
        taken: list[CampaignRecord] = []
        most = cut(len(left))
        while left and type(left[0]) is kind and len(taken) < most:
            taken.append(left.pop(0))
        world.together(taken)
    world.ticks(72, END + 72)
    return world


def interleaved(log: Sequence[CampaignRecord], chance: random.Random) -> list[CampaignRecord]:
    """Return the topics of a log read in turns as chance has it, with records that come again.

    A topic keeps its order, but for hours: their numbers say which word on them is the last.
    """
    topics: dict[type, list[CampaignRecord]] = {}
    for record in log:
        topics.setdefault(type(record), []).append(record)
    for records in topics.values():
        for again in chance.sample(range(len(records)), len(records) // 3):
            records.insert(chance.randint(again + 1, len(records)), records[again])
    chance.shuffle(topics[MetricsEvent])
    turns = [kind for kind, records in topics.items() for _ in records]
    chance.shuffle(turns)
    left = {kind: iter(records) for kind, records in topics.items()}
    return [next(left[kind]) for kind in turns]


@pytest.mark.parametrize("seed", range(8))
def test_no_order_cut_or_duplicate_of_the_log_changes_the_end_verdict(seed: int) -> None:
    chance = random.Random(seed)
    log = the_log()
    plain = fed(log, lambda _: 1)
    shuffled = fed(interleaved(log, chance), lambda left: chance.randint(1, max(left, 1)))

    assert len(verdicts(plain)) == 12
    assert verdicts(shuffled) == verdicts(plain)
    events = sorted(
        (each for each in log if isinstance(each, MetricsEvent)),
        key=lambda each: each.sequence_number or 0,
    )
    for day in range(3):
        of_day = [
            each for each in events if hour(24 * day) <= each.window_start < hour(24 * day + 24)
        ]
        assert plain.last[f"{24 * day:032x}", 14].reported_spend == spend_of(of_day)


def test_what_is_kept_of_a_campaign_is_bounded_however_long_it_runs() -> None:
    world, sizes = World(), []
    world.say(a_plan())
    for day in range(120):
        first = 24 * day
        advices = [pacing(first + number, "1", "2", "3") for number in range(24)]
        advices += [budget(first, 1, 48.0)]
        world.together(advices)
        world.together([followed(advice) for advice in advices])
        world.together(a_day(first))
        world.tick(hour(first + 12))
        sizes.append(sum(len(row) for table in world.tables.values() for row in table.values()))

    assert max(sizes[60:]) <= 1.05 * max(sizes[50:60])
    assert max(sizes) < 40_000


def test_one_more_piece_of_advice_rewrites_no_more_the_longer_a_campaign_runs() -> None:
    world, rewritten = World(), []
    after = world.tables["recommendations"] = {}
    for day in range(12):
        world.together([pacing(24 * day + number, "1", "2", "3") for number in range(20)])
        before = dict(after)
        world.say(pacing(24 * day + 21, "1", "2", "3"))
        rewritten.append(sum(len(row) for key, row in after.items() if before.get(key) != row))
    # Nobody follows any of it, and the trail says nothing: all of it may still be scored.
    kept = [one for row in after.values() for one in unpack(row, Projections).kept]

    assert len(kept) == 12 * 21
    assert max(rewritten) == min(rewritten)


def test_records_of_another_partition_or_that_cannot_be_read_are_left_to_their_readers() -> None:
    world = World(partitions=8)
    assert world.partition != 5
    other = a_plan()
    world.say(other, *a_day())
    here = sum(len(table) for table in world.tables.values())

    ignored = sum(count for name, count in world.counts.items() if name[-1] == "other_partition")
    assert (here == 0) == (ignored == 25)
    assert world.dead_letters == []


def test_a_ratio_that_divides_by_nothing_is_left_out_and_the_others_are_told() -> None:
    world = World()
    expected = Impact(
        conversions=Range(p10=1.0, p50=2.0, p90=3.0), roas=Range(p10=1.0, p50=2.0, p90=3.0)
    )
    advice = budget(0, 1, 1.0, expected_impact=expected)
    world.say(a_plan(), advice, followed(advice))
    world.say(*(an_event(number, "0", conversions=Decimal(0)) for number in range(24)))
    world.ticks(0, 31)

    (one,) = world.told
    assert isinstance(one, Outcome)
    assert one.key == KEY
    assert one.roas is None
    assert one.conversions is not None
    assert (one.measure, one.verdict) == ("conversions", Verdict.LESS)


def test_what_no_record_can_say_is_counted_and_stops_nothing_else() -> None:
    world = World()
    endless = Impact(conversions=Range(p10=1e300, p50=1e300, p90=1e300))
    advice, other = budget(0, 1, 1.0, expected_impact=endless), pacing(0, "1", "2", "3")
    world.say(a_plan(), advice, followed(advice), other, followed(other), *a_day())
    world.ticks(0, 31)

    assert [one.recommendation_id for one in world.told] == [other.recommendation_id]
    assert sum(n for name, n in world.counts.items() if name[-1] == "cannot_be_written") >= 1
