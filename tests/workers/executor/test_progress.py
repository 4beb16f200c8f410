"""Laws of the rows in which an order's progress is kept: together they say what one row would."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fields import Autonomy
from schemas.plan import AdSet, Bid, Plan
from tests.workers.executor.test_hourly_caps import capped
from tests.workers.executor.test_live import Live, multiplier
from tests.workers.executor.world import KEY, a_plan
from workers.delivery.api import Step
from workers.executor.live.outcome import Result
from workers.executor.orders import OpenOrder, Orders, orders_key
from workers.executor.progress import orders_in, touched
from workers.executor.rows import pack, unpack
from workers.executor.tables import ACTIONS


def wide(ad_sets: int) -> Plan:
    bid = Bid(base=Decimal("1.00"))
    many = tuple(AdSet(ad_set_id=f"{10**17 + number}", bid=bid) for number in range(ad_sets))
    return a_plan(Autonomy.AUTO, ad_sets=many)


class Weighed(Live):
    """A partition that counts the bytes of its changelog."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(plan)
        self.steps: list[Step] = []

    def set_all(self) -> list[int]:
        """Let the platform take all that is under way; return the bytes that each part wrote."""
        written = []
        while self.order is not None:
            before = dict(self.tables[ACTIONS])
            self.answer()
            after = self.tables[ACTIONS]
            keys = before.keys() | after.keys()
            changed = [key for key in keys if before.get(key) != after.get(key)]
            written.append(sum(len(key) + len(after.get(key, b"")) for key in changed))
        return written


def under_way(world: Live) -> OpenOrder | None:
    for _, orders in orders_in(world.tables[ACTIONS]):
        return orders.under_way
    return None


def part_rows(world: Live) -> list[bytes]:
    return [key for key in world.tables[ACTIONS] if key.startswith(orders_key(KEY) + b"\0")]


@pytest.mark.parametrize("ad_sets", [20, 200])
def test_what_a_part_writes_does_not_grow_with_how_many_there_are(ad_sets: int) -> None:
    world = Weighed(wide(ad_sets))
    world.act(multiplier("up", None, "1.2"))
    *parts, last = world.set_all()

    assert max(parts) < 150, "one part, whatever its ad set is named"
    assert last > 20 * ad_sets, "what is in force is written when the action ends"


def test_when_an_action_has_ended_nothing_is_left_of_its_parts() -> None:
    world = Live(wide(5)).act(multiplier("up", None, "1.2"))
    for _ in range(3):
        world.answer()
    assert len(part_rows(world)) == 3
    world.answer(Result.REJECTED)
    assert part_rows(world) == [], "what is put back begins anew"
    world.answer()
    assert len(part_rows(world)) == 1
    while world.is_busy:
        world.answer()
    assert part_rows(world) == []


def test_what_waits_behind_an_action_keeps_what_has_ended_of_it() -> None:
    world = Live(wide(4)).act(multiplier("up", None, "1.2")).answer().answer()
    world.act(multiplier("next", "1.2", "1.3"), minutes=2)
    opened = under_way(world)

    assert opened is not None
    assert opened.at == 2
    assert part_rows(world) == [], "the row of all says it now"
    world.answer().answer()
    assert world.said()[-1] == ("intent", "to_be_sent")


def test_an_order_that_an_earlier_release_has_kept_in_one_row_goes_on() -> None:
    world = Live(wide(3)).act(multiplier("up", None, "1.2")).answer()
    ((_, orders),) = orders_in(world.tables[ACTIONS])
    for key in part_rows(world):
        del world.tables[ACTIONS][key]
    world.tables[ACTIONS][orders_key(KEY)] = pack(orders)
    world.answer(minutes=2).answer(minutes=3)

    assert world.said()[-1] == ("applied", "applied")
    assert not world.is_busy


RESULTS = st.sampled_from([*[Result.APPLIED] * 6, Result.NO_OP, Result.DRIFT, Result.REJECTED])


@settings(max_examples=60, deadline=None)
@given(st.lists(RESULTS, min_size=1, max_size=40), st.booleans())
def test_the_rows_together_say_what_one_row_would_that_is_written_each_time(
    results: list[Result],
    budget_beside: bool,  # noqa: FBT001
) -> None:
    """The oracle folds all rows into one after each part, as that one row would have been."""
    make = capped if budget_beside else multiplier
    worlds = [Live(wide(4)) for _ in range(2)]
    split, whole = worlds
    names = iter(f"action {number}" for number in range(100))
    for number, result in enumerate(results):
        if not split.is_busy:
            name = next(names)
            for world in worlds:
                world.act(make(name, None, f"1.{number + 1}"), minutes=number)
        if not split.is_busy:
            continue
        for world in worlds:
            world.answer(result, minutes=number, reason=result.value, after=Decimal(number))
        _fold(whole)
        assert _told(split) == _told(whole)
        assert split.said() == whole.said()


def _fold(world: Live) -> None:
    table = world.tables[ACTIONS]
    for campaign, orders in list(orders_in(table)):
        for key in part_rows(world):
            del table[key]
        table[orders_key(campaign)] = pack(orders)


def _told(world: Live) -> list[Orders]:
    return [orders for _, orders in orders_in(world.tables[ACTIONS])]


def test_a_step_that_ends_a_part_says_whose_orders_it_has_touched() -> None:
    world = Live(wide(3)).act(multiplier("up", None, "1.2"))
    before = set(world.tables[ACTIONS])
    world.answer()
    new = {key: row for key, row in world.tables[ACTIONS].items() if key not in before}

    assert list(_campaigns(new)) == [KEY]
    assert unpack(world.tables[ACTIONS][orders_key(KEY)], Orders) is not None


def _campaigns(rows: dict[bytes, bytes]) -> Iterator[bytes]:
    yield from touched(rows)
