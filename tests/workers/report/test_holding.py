"""When campaigns were left alone."""

from schemas import HoldReason
from tests.workers.report.told import HOUR, KEY, MONDAY, a_hold
from workers.report.decisions import Decided
from workers.report.holding import REMEDIES, Hold, holds_of
from workers.report.totals import Stretch

STALE, GONE = HoldReason.STALE_DATA, HoldReason.BUDGET_GONE


def holds(*told: tuple[int, HoldReason]) -> list[Hold]:
    decided = Decided(in_detail=())
    decided.add(a_hold(hour, reason) for hour, reason in told)
    return holds_of(decided.holds, Stretch(start=MONDAY, end=MONDAY + 100 * HOUR))


def spans(found: list[Hold]) -> list[tuple[HoldReason, int, int]]:
    return [(one.reason, (one.start - MONDAY) // HOUR, one.hours) for one in found]


def test_hours_in_a_row_of_one_reason_are_one_hold_and_the_longest_comes_first() -> None:
    assert spans(holds((1, GONE), (4, STALE), (5, STALE), (6, STALE))) == [
        (STALE, 4, 3),
        (GONE, 1, 1),
    ]


def test_another_reason_or_a_gap_begins_another_hold() -> None:
    found = holds((1, STALE), (2, GONE), (3, STALE), (5, STALE))

    assert spans(found) == [(STALE, 1, 1), (GONE, 2, 1), (STALE, 3, 1), (STALE, 5, 1)]


def test_holds_outside_of_the_stretch_are_left_out() -> None:
    assert holds((100, STALE)) == []


def test_it_is_said_what_to_do_about_each_reason() -> None:
    assert set(REMEDIES) == set(HoldReason)
    assert holds((1, STALE))[0].text == "It is so."
    assert holds((1, STALE))[0].key == KEY
