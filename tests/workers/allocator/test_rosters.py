"""Who is in a group: as a table of all names would say, however many there are and however cut."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.allocator.groups import Allocator
from workers.allocator import rosters
from workers.allocator.draft import Draft
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.rosters import (
    ACTIVE_DAYS,
    Roster,
    enrol,
    head_of,
    roster_of,
    without_older,
)
from workers.allocator.tables import MEMBERS, roster_key
from workers.delivery.api import store

GROUP = b"spring"
FORGOTTEN = 30


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosters, "PAGE", 3)


def drafts(allocator: Allocator) -> Draft:
    return Draft(AllocatorPolicy(), allocator, MEMBERS)


def enrolled(rows: list[tuple[int, int]], cuts: set[int]) -> Allocator:
    """Return a partition that was told days of members, in steps that end at ``cuts``."""
    allocator = Allocator()
    draft = drafts(allocator)
    for offset, (name, day) in enumerate(rows):
        enrol(draft, GROUP, b"c%d" % name, (day, offset))
        without_older(draft, GROUP, FORGOTTEN)
        if offset in cuts:
            store(allocator.tables.setdefault(MEMBERS, {}), draft.writes)
            draft = drafts(allocator)
    store(allocator.tables.setdefault(MEMBERS, {}), draft.writes)
    return allocator


def plainly(rows: list[tuple[int, int]]) -> Iterator[tuple[bytes, int]]:
    """Yield the newest day of each that is not too far behind the newest of all."""
    newest = {name: max(day for each, day in rows if each == name) for name, _ in rows}
    oldest = max(newest.values()) - FORGOTTEN
    return ((b"c%d" % name, day) for name, day in newest.items() if day >= oldest)


ROWS = st.lists(st.tuples(st.integers(0, 40), st.integers(100, 150)), min_size=1, max_size=120)


@given(rows=ROWS, cuts=st.sets(st.integers(0, 119)), day=st.integers(100, 152))
def test_it_says_what_a_table_of_all_names_would(
    rows: list[tuple[int, int]], cuts: set[int], day: int
) -> None:
    draft = drafts(enrolled(rows, cuts))
    expected = dict(plainly(rows))
    active = {name for name, last in expected.items() if last >= day - ACTIVE_DAYS}
    late = {name for name in active if expected[name] < day - 1}

    roster, head = roster_of(draft, GROUP), head_of(draft, GROUP)
    assert roster.newest == expected
    assert roster.active(day) == sorted(active)
    assert (head.active(day), head.late(day)) == (len(active), len(late))
    assert roster.offset == head.offset == len(rows) - 1


@given(rows=ROWS, cuts=st.sets(st.integers(0, 119)))
def test_what_is_kept_does_not_depend_on_how_rows_are_cut_into_steps(
    rows: list[tuple[int, int]], cuts: set[int]
) -> None:
    assert enrolled(rows, cuts).tables == enrolled(rows, set()).tables


@given(rows=ROWS)
def test_no_page_has_too_many_names_and_nothing_is_kept_besides(
    rows: list[tuple[int, int]],
) -> None:
    kept = enrolled(rows, set()).tables[MEMBERS]
    pages = [value for key, value in kept.items() if b"page" in key]
    names = [value.count(b"\xc4") for value in pages]  # how msgpack begins short bytes
    assert max(names) <= rosters.PAGE
    assert min(names) >= 1
    assert sum(names) == len(dict(plainly(rows)))
    assert len(kept) == len(pages) + 1


@given(rows=ROWS, day=st.integers(100, 152))
def test_members_that_were_kept_in_one_value_are_read_and_go_on_in_pages(
    rows: list[tuple[int, int]], day: int
) -> None:
    known = dict(plainly(rows))
    first = msgspec.msgpack.encode([1, known, 7])
    allocator = Allocator(tables={MEMBERS: {roster_key(GROUP): first}})
    draft = drafts(allocator)
    assert roster_of(draft, GROUP) == Roster(known, 7)
    assert head_of(draft, GROUP).active(day) == sum(
        last >= day - ACTIVE_DAYS for last in known.values()
    )
    enrol(draft, GROUP, b"new", (max(known.values()), 8))
    assert roster_of(draft, GROUP) == Roster(known | {b"new": max(known.values())}, 8)
    assert sum(head_of(draft, GROUP).days.values()) == len(known) + 1
