"""Whole reports: sums, budgets, choices, comparisons."""

from collections.abc import Iterable
from decimal import Decimal

import pytest
from msgspec.structs import replace

from schemas import AuditStatus, Budget, BudgetPeriod, HoldReason, MetricsEvent
from tests.workers.report.told import (
    DAY,
    HOUR,
    MONDAY,
    a_hold,
    a_plan,
    advice,
    an_entry,
    an_hour,
)
from workers.errors import UsageError
from workers.report.building import Book
from workers.report.model import Records, Report, Wishes
from workers.report.tiles import tiles
from workers.report.totals import Account, Totals, by_currency, mean_use


def book(wishes: Wishes | None = None, **records: Iterable[object]) -> Book:
    made = Book(wishes=wishes or Wishes())
    made.take(Records(**records))  # type: ignore[arg-type]
    return made


def report(wishes: Wishes | None = None, **records: Iterable[object]) -> Report:
    return book(wishes, **records).report()


def hours(count: int, spend: str = "10", **fields: object) -> list[MetricsEvent]:
    return [an_hour(n, spend, **fields) for n in range(count)]


def only(found: Report) -> Totals:
    (totals,) = found.accounts.values()
    return totals


def test_spend_above_the_budget_of_a_period_is_overspend_and_below_it_is_not_made_up_for() -> None:
    events = hours(24, "11") + [an_hour(24 + n, "9") for n in range(24)]
    totals = only(report(plans=[a_plan()], metrics=events))

    assert totals.periods == 2
    assert totals.overspend == pytest.approx(24.0)
    assert totals.use == pytest.approx(480 / 480)
    assert totals.error == pytest.approx(0.1)


def test_a_running_period_counts_for_overspend_but_not_for_the_use_of_budgets() -> None:
    totals = only(report(plans=[a_plan()], metrics=[*hours(24), an_hour(24, "300")]))

    assert totals.periods == 1
    assert totals.use == pytest.approx(1.0)
    assert totals.overspend == pytest.approx(60.0)


def test_the_budget_is_what_was_recommended_from_last_where_it_differs_from_the_plan() -> None:
    carried = [advice(3), advice(5, period_budget=Decimal(300))]
    wishes = Wishes(since=MONDAY)

    totals = only(report(wishes, plans=[a_plan()], metrics=hours(24), recommendations=carried))
    assert totals.budget == 300.0


def test_the_plan_of_the_highest_version_counts() -> None:
    dear = a_plan(version=3, budget=Budget(amount=Decimal(480), period=BudgetPeriod.DAY))

    assert only(report(plans=[dear, a_plan(version=2)], metrics=hours(24))).budget == 480.0


def test_a_report_begins_with_the_first_decision_that_followed_a_plan() -> None:
    old = [a_hold(n, HoldReason.STALE_DATA) for n in range(6, 20)]
    told = [a_hold(5, HoldReason.NO_PLAN), *old, advice(30), advice(31)]
    found = report(plans=[a_plan()], metrics=hours(48), recommendations=told)

    assert found.stretch.start == MONDAY + 30 * HOUR
    assert found.stretch.end == MONDAY + 2 * DAY
    assert only(found).spend == pytest.approx(180.0)
    assert only(found).periods == 1  # Tuesday ended in it, and is known whole
    assert found.counts.held == 0
    assert found.counts.decisions == 2


def test_where_no_decided_hour_was_reported_yet_a_report_shows_the_hours_before() -> None:
    found = report(plans=[a_plan()], metrics=hours(5), recommendations=[advice(5)])

    assert (found.stretch.start, found.stretch.end) == (MONDAY, MONDAY + 5 * HOUR)
    assert only(found).spend == pytest.approx(50.0)


def test_decisions_and_what_became_of_them_are_counted_once() -> None:
    same = advice(3, current_value=Decimal(11))
    told = [advice(1), advice(1), same, a_hold(4, HoldReason.STALE_DATA)]
    intents = [an_entry(1, AuditStatus.INTENT), an_entry(3, AuditStatus.INTENT)]
    # A second try that is under way says nothing of what became of the first one.
    # Nor does one of several values that the platform took.
    part = replace(an_entry(3, AuditStatus.APPLIED), field="platform_bid")
    trail = [intents[0], part, an_entry(1), an_entry(3, AuditStatus.NO_OP), *intents, part]
    found = report(plans=[a_plan()], metrics=hours(24), recommendations=told, audit=trail)

    assert (found.counts.decisions, found.counts.changes) == (2, 1)
    assert (found.counts.held, found.counts.held_campaigns) == (1, 1)
    assert dict(found.counts.audit) == {AuditStatus.SIMULATED: 1, AuditStatus.NO_OP: 1}
    assert [each.decision.outcome for each in found.shown[0].pace.markers] == [
        AuditStatus.SIMULATED,
        AuditStatus.NO_OP,
    ]
    assert found.latest == MONDAY + DAY
    assert found.models == ("model/1",)


def test_amounts_of_different_currencies_are_never_added() -> None:
    events = hours(2) + hours(2, "500", campaign_id="b", currency="JPY")
    found = report(metrics=events)

    assert {each.currency: totals.spend for each, totals in found.accounts.items()} == {
        "EUR": 20.0,
        "JPY": 1_000.0,
    }
    assert set(by_currency(found.accounts)) == {"EUR", "JPY"}


@pytest.mark.parametrize(
    ("currencies", "values"),
    [
        (("EUR",), [("EUR 24.00",)]),
        (("EUR", "USD"), [("EUR", "24.00", ""), ("USD", "24.00", "")]),
    ],
)
def test_overspend_of_several_currencies_is_listed_as_other_amounts_are(
    currencies: tuple[str, ...], values: list[tuple[str, ...]]
) -> None:
    plans = [a_plan(campaign_id=each, currency=each) for each in currencies]
    events = [an_hour(n, "11", campaign_id=c, currency=c) for c in currencies for n in range(24)]
    found = report(plans=plans, metrics=events)

    (listed,) = (shown for name, shown, _ in tiles(found) if name == "Overspend")
    assert listed == values


def test_values_that_somebody_has_edited_on_platforms_are_counted() -> None:
    edited = an_entry(1, AuditStatus.EDITED)
    trail = [an_entry(1), edited, replace(edited, field="platform_bid")]
    found = report(plans=[a_plan()], metrics=hours(24), recommendations=[advice(1)], audit=trail)
    (notes,) = (notes for name, _, notes in tiles(found) if name == "Decisions")
    assert "2 values edited on platforms" in notes


def test_the_use_of_all_budgets_is_weighed_by_periods_and_not_by_currencies() -> None:
    groups = [Totals(periods=3, budget=1e6, spent=1e6), Totals(periods=1, budget=4.0, spent=2.0)]

    assert mean_use(groups) == pytest.approx((3 * 1.0 + 1 * 0.5) / 4)
    assert mean_use([Totals()]) is None


def test_the_campaigns_of_most_spend_are_shown_currencies_taking_turns() -> None:
    spend = {"a": ("9", "EUR"), "b": ("7", "EUR"), "c": ("999", "JPY"), "d": ("800", "JPY")}
    events = [
        event
        for name, (each, currency) in spend.items()
        for event in hours(3, each, campaign_id=name, currency=currency)
    ]

    assert [one.key.campaign_id for one in report(Wishes(most=3), metrics=events).shown] == [
        *("a", "c", "b")
    ]
    wished = report(Wishes(campaigns=(":d", "7:b")), metrics=events).shown
    assert [one.key.campaign_id for one in wished] == ["b", "d"]
    assert report(Wishes(campaigns=("z",)), metrics=events).shown == ()


def test_two_worlds_are_compared_over_the_same_hours_for_the_campaigns_of_both() -> None:
    ours = book(plans=[a_plan()], metrics=hours(30) + hours(5, campaign_id="only here"))
    others = book(plans=[], metrics=hours(48, "11"))
    found = ours.report(others, name="even").comparison

    assert found is not None
    account = Account("google", "7", "EUR")
    assert (found.campaigns, found.left_out) == (1, 1)
    assert found.ours[account].spend == pytest.approx(300.0)
    assert found.others[account].spend == pytest.approx(330.0)
    assert found.others[account].budget == 240.0  # the plan of this world, for want of its own
    assert found.others[account].overspend == pytest.approx(24.0)


def test_a_time_without_metrics_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="there are no metrics in that time: choose --from"):
        report(Wishes(since=MONDAY + DAY), metrics=hours(24))


def test_where_no_hour_was_told_it_is_said_so_and_no_time_is_asked_for() -> None:
    for plans, told in (([], []), ([a_plan()], [advice(5)])):
        with pytest.raises(UsageError, match="no campaign has reported an hour: publish metrics"):
            report(plans=plans, recommendations=told)


def test_numbers_do_not_depend_on_how_the_records_are_cut_into_batches() -> None:
    events, told = hours(48), [advice(n) for n in range(48)]
    whole = report(plans=[a_plan()], metrics=events, recommendations=told)
    pieces = Book(wishes=Wishes())
    pieces.add_plans([a_plan()])
    for event in events:
        pieces.delivered.add([event])
    for each in told:
        pieces.decided.add([each])

    assert pieces.report().accounts == whole.accounts
    assert pieces.report().counts == whole.counts
