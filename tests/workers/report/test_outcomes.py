"""What became of advice, as the report counts it."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from schemas import Kind, Outcome, Verdict
from tests.workers.report.test_page import Parts
from tests.workers.report.told import DAY, MONDAY, NAMES, a_plan, an_hour, at
from workers.report import outcome_sections
from workers.report.building import Book
from workers.report.calibration import wilson
from workers.report.model import Records, Wishes
from workers.report.outcomes import Advised, Outcomes
from workers.report.page import page_of
from workers.report.totals import Stretch

ALL = Stretch(start=MONDAY, end=MONDAY + 30 * DAY)


def an_outcome(number: int, verdict: Verdict = Verdict.AS_PROJECTED, **fields: Any) -> Outcome:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        **NAMES,
        "recommendation_id": f"{number:032x}",
        "kind": Kind.PACING,
        "field": "hourly_budget",
        "horizon_days": 1,
        "version": 1,
        "verdict": verdict,
        "measure": "spend",
        "text": "It is so.",
        "effective_from": at(number % 700),
        "measured_from": at(0),
        "measured_until": at(24),
        "reported_spend": Decimal(240),
        "told_at": at(31),
    }
    return Outcome(**(given | fields))


def a_change(number: int, confidence: float, gain: str, **fields: Any) -> Outcome:  # noqa: ANN401 -- fields of a record
    given = {"kind": Kind.BUDGET, "field": "daily_budget", "measure": "conversions"}
    return an_outcome(number, confidence=confidence, gain=Decimal(gain), **(given | fields))


def told(*outcomes: Outcome) -> Advised:
    made = Outcomes()
    made.add(outcomes)
    return made.advised(ALL)


def test_outcomes_are_counted_by_kind_and_horizon_and_the_last_version_counts() -> None:
    outcomes = [
        *(an_outcome(number) for number in range(8)),
        an_outcome(8, Verdict.MORE),
        an_outcome(9, Verdict.AS_PROJECTED),
        an_outcome(9, Verdict.LESS, version=2),
        an_outcome(10, Verdict.MORE, provisional=True),
        an_outcome(11, Verdict.OVERTAKEN),
        *(an_outcome(number, horizon_days=7) for number in range(3)),
        a_change(50, 0.9, "1"),
    ]
    random.Random(3).shuffle(outcomes)
    found = told(*outcomes)

    assert [each[:2] for each in found.tallies] == [("budget", 1), ("pacing", 1), ("pacing", 7)]
    pacing = found.tallies[1]
    assert (pacing.inside, pacing.more, pacing.less) == (8, 1, 1)
    assert (pacing.provisional, pacing.overtaken, pacing.settled) == (1, 1, 10)
    row = outcome_sections.table(found)[1]
    low, high = wilson(8, 10)
    assert row[2:5] == ["10", "80.0%", f"{low:.1%} to {high:.1%}"]
    assert "after 1 day 91.7% of 12. 80% should" in outcome_sections.note(
        told(*(an_outcome(n, Verdict.MORE if n == 0 else Verdict.AS_PROJECTED) for n in range(12)))
    )


def test_a_correction_that_comes_first_is_not_taken_back_by_what_it_corrects() -> None:
    found = told(an_outcome(1, Verdict.LESS, version=2), an_outcome(1, version=1))

    assert (found.tallies[0].inside, found.tallies[0].less) == (0, 1)


def test_changes_are_held_against_their_confidence_each_once_by_its_longest_horizon() -> None:
    """Five parts of ten changes each: of those 90 % sure six pay, of the others as many as sure."""
    changes = []
    for part, (sure, paid) in enumerate([(0.5, 5), (0.6, 6), (0.7, 7), (0.8, 8), (0.9, 6)]):
        for number in range(10):
            gain = "1.5" if number < paid else "-0.5"
            name = 100 * part + number
            changes.append(a_change(name, sure, gain, horizon_days=7))
            # The first look said otherwise, and a later one is provisional yet.
            changes.append(a_change(name, sure, "9", horizon_days=1))
            changes.append(a_change(name, sure, "9", horizon_days=14, provisional=True))
    found = told(*changes)

    assert found.paid is not None
    assert found.paid.predicted.tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.9])
    assert found.paid.observed.middle.tolist() == pytest.approx([0.5, 0.6, 0.7, 0.8, 0.6])
    # Only one part in five is off, by 0.3.
    assert found.paid.error == pytest.approx(0.06)
    note = outcome_sections.paid_note(found)
    assert "50 changes of budgets 64.0% paid" in note
    assert "70.0% sure" in note
    assert "6.0% (expected calibration error)" in note
    low, high = wilson(6, 10)
    assert outcome_sections.paid_table(found)[-1] == [
        "90.0%",
        "10",
        "60.0%",
        f"{low:.1%} to {high:.1%}",
    ]


def test_only_advice_that_took_effect_in_the_reports_hours_counts() -> None:
    made = Outcomes()
    made.add([an_outcome(5), an_outcome(30)])

    assert made.advised(Stretch(start=MONDAY, end=MONDAY + DAY)).tallies[0].settled == 1


def test_the_page_shows_outcomes_and_without_any_says_when_they_come() -> None:
    hours = [an_hour(number) for number in range(48)]
    book = Book(wishes=Wishes())
    changes = [
        a_change(number, 0.5 + number / 100, "1" if number % 3 else "-1") for number in range(40)
    ]
    book.take(Records(plans=[a_plan()], metrics=hours, outcomes=changes))
    page = Parts(page_of(book.report()))
    text = " ".join(" ".join(page.texts).split())

    assert "What became of advice" in text
    assert "40 changes of budgets" in text
    assert page.data["figures-paid"]

    bare = Book(wishes=Wishes())
    bare.take(Records(metrics=hours))
    assert "the first outcome comes a day after advice took effect" in " ".join(
        Parts(page_of(bare.report())).texts
    )
