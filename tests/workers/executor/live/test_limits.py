"""Limits, breakers and whose turn it is."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isinf

import pytest

from tests.workers.executor.live.bench import order_of
from workers.connectors.errors import Ambiguous, AuthFailed, Rejected, Throttled
from workers.connectors.protocol import Lever, Receipt
from workers.executor.live.breaker import BreakerPolicy, Breakers
from workers.executor.live.lanes import Entry
from workers.executor.live.limits import Counts, Limits
from workers.executor.live.order import Account, Kind, Order
from workers.executor.live.queue import Queue

ONE, TWO = Account("model", "1"), Account("model", "2")


def test_calls_of_an_account_keep_to_the_rate_after_a_burst() -> None:
    counts = Counts(Limits(calls_per_second=2, burst=3))
    waits = [counts.turn(ONE, 0.0) for _ in range(6)]
    assert waits == [0.0, 0.0, 0.0, 0.5, 1.0, 1.5]
    assert counts.turn(TWO, 0.0) == 0.0


@pytest.mark.parametrize(("used", "spacing"), [(0.5, 0.5), (0.75, 0.5), (0.875, 1.0), (1.2, 10.0)])
def test_a_platform_that_says_it_is_used_up_is_asked_more_slowly(
    used: float, spacing: float
) -> None:
    counts = Counts(Limits(calls_per_second=2, burst=1))
    counts.heard(ONE, Receipt(sent="", usage=used), 0.0)
    first, second = counts.turn(ONE, 0.0), counts.turn(ONE, 0.0)
    assert first == 0.0
    assert second == pytest.approx(spacing)


def test_the_calls_of_a_day_end_at_midnight() -> None:
    counts = Counts(Limits(calls_per_day=2))
    noon = 12 * 3600.0
    counts.turn(ONE, noon)
    counts.turn(ONE, noon)
    with pytest.raises(Throttled) as refused:
        counts.turn(ONE, noon)
    assert refused.value.retry_after == noon
    assert counts.opens(ONE, noon) == 2 * noon
    assert counts.opens(ONE, 2 * noon) == 0.0
    counts.turn(ONE, 2 * noon)


def test_a_throttle_with_a_hint_holds_the_account_only() -> None:
    counts = Counts(Limits())
    counts.heard(ONE, Throttled("wait", retry_after=40.0), 100.0)
    assert counts.opens(ONE, 110.0) == 140.0
    assert counts.opens(TWO, 110.0) == 0.0


def test_what_is_under_way_keeps_to_the_platforms_wait_as_well() -> None:
    counts = Counts(Limits(calls_per_second=1, burst=2))
    counts.heard(ONE, Throttled("wait", retry_after=40.0), 100.0)
    assert [counts.turn(ONE, 110.0) for _ in range(2)] == [30.0, 31.0]
    assert counts.turn(TWO, 110.0) == 0.0
    assert counts.passes(ONE, 140.0)
    # Asked again meanwhile, for so long that nobody is to stand by.
    counts.heard(ONE, Throttled("wait", retry_after=400.0), 140.5)
    assert not counts.passes(ONE, 141.0)
    with pytest.raises(Throttled) as refused:
        counts.turn(ONE, 141.0)
    assert refused.value.retry_after == pytest.approx(399.5)


def test_a_call_that_was_not_made_is_not_one_of_the_day() -> None:
    counts = Counts(Limits(calls_per_second=1, burst=1, calls_per_day=2))
    counts.turn(ONE, 0.0)
    assert counts.turn(ONE, 0.0) == 1.0
    counts.heard(ONE, Throttled("wait", retry_after=9.0), 0.5)
    assert not counts.passes(ONE, 1.0)
    assert counts.turn(ONE, 1.0) == 8.5


@pytest.mark.parametrize("hint", [inf, 1e12])
def test_no_hint_shuts_an_account_for_more_than_a_day(hint: float) -> None:
    counts = Counts(Limits())
    counts.heard(ONE, Throttled("wait", retry_after=hint), 100.0)
    assert counts.opens(ONE, 110.0) == 100.0 + 24 * 3600


def _change(counts: Counts, *, at: float, lever: Lever = Lever.DAILY_BUDGET) -> None:
    """Let the entity of order 0 be changed."""
    counts.changed(replace(order_of(lever=lever), action_id=f"at {at}"), at)


def test_a_fifth_change_within_an_hour_waits_for_the_first_to_be_over() -> None:
    counts = Counts(Limits(changes_per_hour=4))
    for at in (0.0, 100.0, 200.0, 300.0):
        assert counts.due(order_of()) == 0.0
        _change(counts, at=at)
    assert counts.due(order_of()) == pytest.approx(3600.0, abs=2)
    # Bids and other entities are not counted.
    _change(counts, at=300.0, lever=Lever.BID)
    assert counts.due(order_of(lever=Lever.BID)) == 0.0
    assert counts.due(order_of(1)) == 0.0
    _change(counts, at=3700.0)
    assert counts.due(order_of()) == pytest.approx(3700.0, abs=2)


def test_changes_count_once_and_in_the_order_of_time_however_they_are_told() -> None:
    counts = Counts(Limits(changes_per_hour=2))
    for at in (500.0, 100.0, 900.0, 500.0, 900.0):
        _change(counts, at=at)
    assert counts.due(order_of()) == pytest.approx(4100.0, abs=2)


def test_an_account_without_answers_is_left_alone_and_tried_by_one_order() -> None:
    breakers = Breakers(BreakerPolicy(failures=2, rest=60.0))
    breakers.heard(ONE, Ambiguous("timeout"), 0.0)
    assert breakers.opens(ONE) == 0.0
    breakers.heard(ONE, Ambiguous("timeout"), 0.0)
    assert breakers.opens(ONE) == 60.0
    assert breakers.opens(TWO) == 0.0

    breakers.begin(order_of())
    assert isinf(breakers.opens(ONE))
    breakers.heard(ONE, None, 61.0)
    breakers.end(order_of(), 61.0)
    assert breakers.opens(ONE) == 0.0


def test_a_try_that_learns_nothing_leaves_the_account_alone_again() -> None:
    breakers = Breakers(BreakerPolicy(failures=1, rest=60.0))
    breakers.heard(ONE, Ambiguous("timeout"), 0.0)
    breakers.begin(order_of())
    breakers.heard(ONE, Throttled("wait"), 60.0)
    breakers.end(order_of(), 60.0)
    assert breakers.opens(ONE) == 120.0


def test_a_try_that_is_stopped_before_it_asks_leaves_it_to_the_next_order() -> None:
    breakers = Breakers(BreakerPolicy(failures=1, rest=60.0))
    breakers.heard(ONE, Ambiguous("timeout"), 0.0)
    breakers.begin(order_of())
    breakers.end(order_of(), 60.0)
    assert breakers.opens(ONE) == 60.0


def test_who_began_before_the_account_was_left_alone_does_not_end_the_try_of_another() -> None:
    breakers = Breakers(BreakerPolicy(failures=1, rest=60.0))
    breakers.begin(order_of(0))
    breakers.heard(ONE, Ambiguous("timeout"), 0.0)
    breakers.begin(order_of(1))
    breakers.end(order_of(0), 61.0)
    assert isinf(breakers.opens(ONE))


def test_refusals_and_throttles_are_no_failures() -> None:
    breakers = Breakers(BreakerPolicy(failures=2))
    for said in (Ambiguous("x"), Rejected("no"), Ambiguous("x"), Throttled("wait")):
        breakers.heard(ONE, said, 0.0)
    assert breakers.opens(ONE) == 0.0


def test_credentials_that_fail_stop_their_account_at_once_and_say_what_to_do() -> None:
    breakers = Breakers()
    breakers.heard(ONE, AuthFailed("token has expired"), 0.0)
    assert breakers.opens(ONE) > 0
    assert breakers.why(ONE) == "token has expired; renew the credentials of 1"
    assert breakers.why(TWO) == ""


def _next(queue: Queue, *waits: str) -> tuple[Entry | None, float | None]:
    """Ask who goes next at 0, while the actions in ``waits`` are due at 50."""
    return queue.next(0.0, lambda _: 0.0, lambda order: 50.0 if order.action_id in waits else 0.0)


def _names(queue: Queue, count: int) -> list[str]:
    taken = [_next(queue)[0] for _ in range(count)]
    return [entry.order.action_id for entry in taken if entry]


def _filled(*orders: Order, per_account: int = 9) -> Queue:
    queue = Queue(per_account)
    for order in orders:
        queue.add(Entry(order, None))
    return queue


def test_cuts_go_before_raises_before_bids() -> None:
    bid = order_of(1, lever=Lever.TARGET_CPA)
    raised, cut = order_of(2), order_of(3, target=80)
    assert [bid.kind, raised.kind, cut.kind] == [Kind.BID, Kind.RAISE, Kind.LOWER]
    assert _names(_filled(bid, raised, cut), 3) == ["3", "2", "1"]


def test_accounts_take_turns_however_much_one_of_them_has() -> None:
    many = [order_of(number) for number in range(4)]
    other = order_of(9, account="2")
    assert _names(_filled(*many, other), 3) == ["0", "9", "1"]


def test_an_account_has_no_more_under_way_than_it_may() -> None:
    orders = [order_of(number) for number in range(3)]
    queue = _filled(*orders, per_account=2)
    assert _names(queue, 3) == ["0", "1"]
    queue.done(orders[0])
    assert _names(queue, 1) == ["2"]


def test_who_may_not_go_yet_holds_nobody_else_up() -> None:
    queue = _filled(order_of(0), order_of(1, account="2"))
    entry, _ = _next(queue, "0")
    assert entry is not None
    assert entry.order.action_id == "1"
    assert _next(queue, "0") == (None, 50.0)


@pytest.mark.parametrize("wrong", [{"calls_per_second": 0}, {"burst": 0}, {"changes_per_hour": 0}])
def test_limits_that_cannot_be_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Limits(**wrong)
