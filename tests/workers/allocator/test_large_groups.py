"""Large groups: settled in one step, told page by page, and told what they would be at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import UnknownFormat
from schemas import (
    Allocation,
    Budget,
    HoldReason,
    Portfolio,
    Recommendation,
    decode,
    encode,
    topics,
)
from schemas.fields import Autonomy, BudgetPeriod
from tests.schemas.golden import stored as golden
from tests.workers.allocator.groups import Allocator, a_group, at, days_of
from tests.workers.explain.kept import Kept
from workers.allocator import allocating, pages
from workers.allocator.advice_rows import ROW
from workers.allocator.allocated import told_of
from workers.allocator.draft import Draft
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.tables import ALLOCATIONS, said_key
from workers.delivery.sizes import LARGEST_BATCH

NAMES = [f"c{i:02d}" for i in range(11)]
DUE = at(20, 7)
"""When the wait for closed days is over."""

LEARNING: dict[str, Any] = {"autonomy": Autonomy.AUTO, "min_confidence": 0.5, "learning_share": 0.2}
BUDGET = Budget(amount=Decimal("1100.07"), period=BudgetPeriod.DAY)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let groups of more than four members be large, and pages have three."""
    monkeypatch.setattr(allocating, "AT_ONCE", 4)
    monkeypatch.setattr(pages, "PAGE", 3)
    return monkeypatch


def closed(days: range) -> list[Portfolio]:
    by_member = [days_of(name, days, 5.0 + 3.0 * i) for i, name in enumerate(NAMES)]
    return [row for day in zip(*by_member, strict=True) for row in day]


def grown(kind: type[Allocator] = Allocator, **fields: Any) -> Allocator:  # noqa: ANN401
    """Return an allocator that knows twenty days of eleven members, the last day of all but one."""
    allocator = kind()
    allocator.rows(closed(range(20))[:-1])
    allocator.group(budget=BUDGET, **fields)
    return allocator


def told(allocator: Allocator) -> dict[str, list[bytes]]:
    names = [allocator.policy.topic(each) for each in (topics.RECOMMENDATIONS, topics.ACTIONS)]
    made: dict[str, list[bytes]] = {name: [] for name in names}
    for output in allocator.outputs:
        if output.topic in made:
            made[output.topic].append(output.value or b"")
    return made


def at_once(time: datetime = DUE) -> dict[str, list[bytes]]:
    allocator = grown(**LEARNING)
    allocator.tick(time)
    return told(allocator)


def test_they_are_told_what_they_would_be_told_at_once(large: pytest.MonkeyPatch) -> None:
    with large.context() as usual:
        usual.setattr(allocating, "AT_ONCE", 100)
        expected = at_once()
    allocator = grown(**LEARNING)
    allocator.tick(DUE)
    assert allocator.advice == []
    assert [len(page.value or b"") > 0 for page in allocator.pages] == [True] * 4
    allocator.tell()
    assert told(allocator) == expected
    assert all(len(values) > 5 for values in expected.values())


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None
)
@given(cuts=st.lists(st.integers(1, 4), max_size=4), again=st.booleans())
def test_however_pages_come_in_steps_each_is_told_once(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
    cuts: list[int],
    again: bool,  # noqa: FBT001 -- drawn
) -> None:
    allocator = grown(**LEARNING)
    allocator.tick(DUE)
    every = list(allocator.pages)
    for cut in cuts:
        allocator.tell(cut)
        if again:
            allocator.feed(topics.ALLOCATIONS, every[:1])
    allocator.tell()
    names = [each.campaign_id for each in allocator.advice]
    assert names == NAMES


def test_closed_days_do_not_settle_them_but_the_tick_after_does(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown()
    allocator.rows(closed(range(20))[-1:])
    assert (allocator.advice, allocator.pages) == ([], [])
    allocator.tick(at(20, 1.5))
    allocator.tell()
    assert {each.hold_reason for each in allocator.advice} <= {None, HoldReason.WITHIN_BAND}
    assert len(allocator.advice) == len(NAMES)


def test_the_next_day_waits_until_all_are_told_and_names_their_last_word(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown()
    allocator.tick(DUE)
    allocator.tell(3)
    allocator.rows(closed(range(21))[-len(NAMES) :])
    allocator.tick(at(21, 7))
    assert len(allocator.pages) == 1
    allocator.tell()
    last = {each.campaign_id: each.recommendation_id for each in allocator.advice}
    allocator.outputs.clear()
    allocator.tick(at(21, 7.1))
    allocator.tell()
    assert {each.campaign_id: each.supersedes for each in allocator.advice} == last


def test_a_lost_page_stops_a_group_for_no_longer_than_a_day(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown()
    allocator.tick(DUE)
    allocator.tell(3)
    allocator.pages.clear()
    for day in (21, 22):
        allocator.rows(closed(range(day))[-len(NAMES) :])
        allocator.tick(at(day, 7))
    assert [decode(page.value or b"", Allocation).page for page in allocator.pages] == [0, 1, 2, 3]
    allocator.tell()
    assert len(allocator.advice) == 3 * 3 + len(NAMES)


@pytest.mark.parametrize("shrinks", [False, True])
def test_a_last_word_is_found_when_a_group_becomes_large_or_is_so_no_longer(
    large: pytest.MonkeyPatch,
    shrinks: bool,  # noqa: FBT001 -- a parameter
) -> None:
    sizes, last = (4, 100) if shrinks else (100, 4), dict[str, str]()
    allocator = grown()
    for day, size in enumerate(sizes):
        large.setattr(allocating, "AT_ONCE", size)
        last = {each.campaign_id: each.recommendation_id for each in allocator.advice}
        allocator.outputs.clear()
        allocator.rows(closed(range(20 + day))[-len(NAMES) :])
        allocator.tick(at(20 + day, 7))
        allocator.tell()
    assert {each.campaign_id: each.supersedes for each in allocator.advice} == last


def test_ids_of_members_that_are_gone_go_with_the_pages(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown()
    allocator.tick(DUE)
    allocator.tell()
    few = [row for row in closed(range(40)) if row.campaign_id < "c05"]
    allocator.rows(few)
    allocator.tick(at(40, 7))
    allocator.tell()
    draft = Draft(AllocatorPolicy(), allocator, ALLOCATIONS)
    assert told_of(draft, b"spring").kept == 2
    kept = {key for key in allocator.tables[ALLOCATIONS] if b"said" in key}
    assert kept == {said_key(b"spring", page) for page in range(2)}


def test_their_advice_is_recomputed_to_the_same_bytes(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown(Kept, **LEARNING)
    assert isinstance(allocator, Kept)
    for day in (20, 21):
        allocator.tick(at(day, 7))
        allocator.tell()
        allocator.rows(closed(range(day + 1))[-len(NAMES) :])
    values = allocator.published
    assert len(values) == 2 * len(NAMES)
    assert any(decode(value, Recommendation).without_jitter is not None for value in values)
    for value in values:
        assert allocator.again(value) == value


def test_a_page_of_what_is_no_group_is_put_aside(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = Allocator()
    page = allocator.stored(topics.ALLOCATIONS, b"spring", b'{"budget_group_id":1}', DUE)
    allocator.feed(topics.ALLOCATIONS, [page])
    assert [letter.field for letter in allocator.dead_letters] == ["budget_group_id"]


def test_a_page_that_was_stored_by_an_earlier_release_is_told() -> None:
    allocator = Allocator()
    stored = golden("allocations.v1-page")
    allocator.feed(
        topics.ALLOCATIONS, [allocator.stored(topics.ALLOCATIONS, b"spring", stored, DUE)]
    )
    assert [each.campaign_id for each in allocator.advice] == NAMES[:3]
    assert allocator.dead_letters == []


def test_a_page_of_a_later_release_ends_the_process() -> None:
    page = decode(golden("allocations.v1-page"), Allocation)
    later = msgspec.structs.replace(page, content=msgspec.msgpack.encode((2, "unknown")))
    allocator = Allocator()
    record = allocator.stored(topics.ALLOCATIONS, b"spring", encode(later), DUE)
    with pytest.raises(UnknownFormat, match="page of an allocation"):
        allocator.feed(topics.ALLOCATIONS, [record])


PAGE = decode(golden("allocations.v1-page"), Allocation)
LAWFUL: tuple[Any, ...] = msgspec.msgpack.decode(PAGE.content)


def taken(page: Allocation) -> Allocator:
    """Return an allocator that was told a page, and then the one of `PAGE`."""
    allocator = Allocator()
    for each in (page, PAGE):
        allocator.feed(
            topics.ALLOCATIONS,
            [allocator.stored(topics.ALLOCATIONS, each.key, encode(each), DUE)],
        )
    return allocator


def with_row(**fields: Any) -> bytes:  # noqa: ANN401 -- fields of a row
    rows = np.frombuffer(LAWFUL[3], dtype=ROW).copy()
    for name, value in fields.items():
        rows[name][1] = value
    return msgspec.msgpack.encode([*LAWFUL[:3], rows.tobytes()])


def with_fault(text: str) -> bytes:
    evidence: dict[str, Any] = {}
    fault = ("group_tree", "parent_missing", text, evidence)
    return msgspec.msgpack.encode([1, LAWFUL[1] | {"fault": fault}, *LAWFUL[2:]])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xc1",
        PAGE.content[:-1],
        PAGE.content[: len(PAGE.content) // 2],
        PAGE.content + b"\x00",
        msgspec.msgpack.encode(1),
        msgspec.msgpack.encode({"format": 1}),
        msgspec.msgpack.encode(["1"]),
        msgspec.msgpack.encode([*LAWFUL[:3], LAWFUL[3][:-1]]),
        msgspec.msgpack.encode([*LAWFUL[:3], LAWFUL[3][: ROW.itemsize]]),
        msgspec.msgpack.encode([*LAWFUL[:2], [b"no key", *LAWFUL[2][1:]], LAWFUL[3]]),
        msgspec.msgpack.encode([1, LAWFUL[1] | {"group": "autumn"}, *LAWFUL[2:]]),
        msgspec.msgpack.encode([1, LAWFUL[1] | {"day": 2**40}, *LAWFUL[2:]]),
        msgspec.msgpack.encode([1, LAWFUL[1] | {"now": 2**60}, *LAWFUL[2:]]),
        msgspec.msgpack.encode([1, LAWFUL[1] | {"inside": []}, *LAWFUL[2:]]),
        PAGE.content.replace(b"spring", b"spr\xffng"),
        with_row(plan_version=-1),
        with_row(sure=1.5),
        with_row(currency=b"XXQ"),
        with_row(budget=-(2**62)),
        with_row(of=7),
        with_row(of=-1),
        with_row(hold=200),
        with_row(sure=float("nan")),
        with_row(price=float("inf")),
        msgspec.msgpack.encode([1, LAWFUL[1] | {"ends": -(2**63)}, *LAWFUL[2:]]),
        with_fault("the first is {group.first}"),
        with_fault("the width is {group:>20}"),
        with_fault("nobody said {what}"),
        with_fault("open {"),
    ],
)
def test_a_page_whose_content_is_none_is_put_aside_whole_and_the_right_one_is_told(
    content: bytes,
) -> None:
    allocator = taken(msgspec.structs.replace(PAGE, content=content))
    assert [letter.field for letter in allocator.dead_letters] in (["content"], ["key"])
    assert [each.campaign_id for each in allocator.advice] == NAMES[:3]


@pytest.mark.parametrize("days", [3, 40_000])
def test_a_page_of_a_day_to_come_does_not_make_the_next_ones_repeats(days: int) -> None:
    later = msgspec.structs.replace(PAGE, day=PAGE.day + days)
    assert [each.field for each in taken(later).dead_letters] == ["day"]
    assert [each.campaign_id for each in taken(later).advice] == NAMES[:3]


def test_a_page_that_was_decided_after_it_was_written_is_put_aside() -> None:
    facts = LAWFUL[1]
    moved = facts | {"day": facts["day"] + 3, "now": facts["now"] + 3 * 86_400}
    later = msgspec.structs.replace(
        PAGE,
        day=moved["day"],
        decided_at=PAGE.decided_at + timedelta(days=3),
        content=msgspec.msgpack.encode([1, moved, *LAWFUL[2:]]),
    )
    allocator = taken(later)
    assert [(each.reason, each.field) for each in allocator.dead_letters] == [
        ("in_the_future", "decided_at")
    ]
    assert [each.campaign_id for each in allocator.advice] == NAMES[:3]


def test_no_page_is_larger_than_kafka_takes_however_long_names_are() -> None:
    """Each member in a group of its own, at the end of a way of the longest names."""
    facts, _, _ = pages.content_of(PAGE)
    one = facts.inside[0]
    inside = [one]
    for member in range(pages.PAGE):
        for level in range(7):
            parent = len(inside) - 1 if level else 0
            name = f"{member}.{level}".ljust(128, "n")
            inside.append(msgspec.structs.replace(one, name=name, parent=parent, has=2**62))
    long = msgspec.structs.replace(facts, inside=tuple(inside))
    names = [f"{'p' * 32}:{'a' * 128}:{i}".ljust(290, "c").encode() for i in range(pages.PAGE)]
    rows = np.zeros(len(names), dtype=ROW)
    rows["of"] = np.arange(len(names)) * 7 + 7
    made = list(pages.pages_of(long, names, rows))
    assert max(len(encode(page)) for page in made) < LARGEST_BATCH - 1_000
    assert [page.page for page in made] == list(range(len(made)))
    assert {page.pages for page in made} == {len(made)}
    told = [
        (name, facts.inside[row["of"]].name)
        for facts, some, rows in map(pages.content_of, made)
        for name, row in zip(some, rows, strict=True)
    ]
    assert told == [(name, inside[at].name) for name, at in zip(names, rows["of"], strict=True)]


def test_however_many_groups_name_a_parent_that_is_missing_some_are_named() -> None:
    allocator = Allocator()
    groups = [
        a_group(budget_group_id=f"g{i:04d}".ljust(128, "x"), parent_group_id="nobody")
        for i in range(40)
    ]
    allocator.rows(days_of("c00", range(20), 5.0, budget_group_id=groups[0].budget_group_id))
    for group in groups:
        allocator.group(group)
    allocator.tick(DUE)
    (advice,) = allocator.advice
    named = str(advice.reasons[0].evidence["groups"])
    assert named == ", ".join(each.budget_group_id for each in groups[:8]) + " and 32 more"
    assert len(encode(advice)) < 5_000


@pytest.mark.parametrize("page", [2**16, 2**31 - 1, 2**31, 2**63])
def test_a_page_of_more_than_an_allocation_can_have_is_put_aside_and_the_right_one_is_told(
    page: int,
) -> None:
    """What is kept of it would be looked for, page by page, when the last of others is told."""
    allocator = taken(msgspec.structs.replace(PAGE, page=page, pages=page + 1))
    assert [letter.reason for letter in allocator.dead_letters] == ["out_of_range"]
    assert [each.campaign_id for each in allocator.advice] == NAMES[:3]


def test_the_last_page_of_a_day_forgets_no_pages_that_never_were() -> None:
    """A page near the end of what can be, then the only one of the day after."""
    high = msgspec.structs.replace(PAGE, page=2**16 - 1, pages=2**16)
    facts = LAWFUL[1]
    moved = facts | {name: facts[name] + 86_400 for name in ("now", "ends")}
    moved["day"] += 1
    later = msgspec.structs.replace(
        PAGE,
        day=moved["day"],
        page=0,
        pages=1,
        decided_at=PAGE.decided_at + timedelta(days=1),
        content=msgspec.msgpack.encode([1, moved, *LAWFUL[2:]]),
    )
    allocator = Allocator()
    written = [
        allocator.feed(
            topics.ALLOCATIONS,
            [allocator.stored(topics.ALLOCATIONS, each.key, encode(each), each.decided_at)],
        ).writes
        for each in (high, later)
    ]
    gone = [key for key, value in written[1].items() if value is None]
    assert gone == [said_key(b"spring", 2**16 - 1)]


@pytest.mark.parametrize("at_once", [4, 1_000])
def test_a_group_that_spent_more_than_whole_numbers_hold_is_left_alone_and_told_why(
    large: pytest.MonkeyPatch, at_once: int
) -> None:
    """Sixteen decimal digits of spend in a day, of 4 decimals: some thousand days are 2^64."""
    large.setattr(allocating, "AT_ONCE", at_once)
    names = [f"c{i:03d}" for i in range(100)]
    most = Decimal(10**12)
    allocator = Allocator()
    for name in names:
        allocator.rows(days_of(name, range(20), 5.0, currency="CLF", spend=most))
    spent = len(names) * 20 * int(most) * 10**4
    assert spent > 2**64
    allocator.group(currency="CLF", budget=Budget(amount=most, period=BudgetPeriod.MONTH))
    allocator.tick(DUE)
    allocator.tell()
    assert [each.campaign_id for each in allocator.advice] == names
    reasons = [each.reasons[0] for each in allocator.advice]
    assert {each.code for each in reasons} == {"amounts_too_large"}
    assert {each.evidence["amount"] for each in reasons} == {f"{spent:.3g}"}


@pytest.mark.parametrize("at_once", [4, 1_000])
def test_a_group_whose_budgets_sum_to_more_than_whole_numbers_hold_is_left_alone(
    large: pytest.MonkeyPatch, at_once: int
) -> None:
    large.setattr(allocating, "AT_ONCE", at_once)
    names, most = [f"c{i:03d}" for i in range(100)], Decimal(10**12)
    allocator = Allocator()
    for name in names:
        allocator.rows(days_of(name, range(20), 5.0, currency="CLF", budget=most))
    assert 11 * len(names) * int(most) * 10**4 > 2**63
    allocator.group(currency="CLF", budget=Budget(amount=most, period=BudgetPeriod.DAY))
    allocator.tick(DUE)
    allocator.tell()
    assert [each.campaign_id for each in allocator.advice] == names
    assert {each.reasons[0].code for each in allocator.advice} == {"amounts_too_large"}


def test_pages_of_a_group_that_lies_in_another_meanwhile_are_passed_over(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    """Pages of two groups lie in partitions of their own: the newer may be told first."""
    allocator = grown()
    allocator.tick(DUE)
    waiting = list(allocator.pages)
    allocator.pages.clear()
    allocator.group(a_group(budget_group_id="whole", budget=BUDGET))
    allocator.group(budget=BUDGET, version=2, parent_group_id="whole")
    allocator.tick(at(20, 8))
    allocator.tell()
    newer = allocator.advice
    assert [each.campaign_id for each in newer] == NAMES
    step = allocator.feed(topics.ALLOCATIONS, waiting)
    assert allocator.advice == newer
    name = allocator.policy.topic(topics.ALLOCATIONS)
    assert step.counts["ignored", name, "of_another_tree"] == len(NAMES)
    assert (allocator.dead_letters, len(waiting)) == ([], 4)


def test_of_a_page_only_members_of_a_group_that_left_its_tree_are_passed_over(
    large: pytest.MonkeyPatch,  # noqa: ARG001 -- what is large
) -> None:
    allocator = grown()
    inner = a_group(budget_group_id="inner", parent_group_id="spring", budget=BUDGET)
    allocator.group(inner)
    allocator.rows(days_of("d", range(20), 9.0, budget_group_id="inner"))
    allocator.tick(DUE)
    allocator.group(msgspec.structs.replace(inner, version=2, parent_group_id=None))
    allocator.tell()
    assert [each.campaign_id for each in allocator.advice] == NAMES
    allocator.tick(at(20, 8))
    assert [each.campaign_id for each in allocator.advice] == [*NAMES, "d"]
