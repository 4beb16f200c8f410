"""Laws of a step under construction: what one record leads to is kept whole, or not at all."""

from __future__ import annotations

import pytest

from schemas.codec import encode
from tests.workers.executor.world import World, an_action
from tests.workers.stored import Stored
from workers.delivery.api import Output
from workers.executor.draft import Draft
from workers.executor.tables import ACTIONS
from workers.instants import check_timestamp

RECORD = Stored("pacekeeper.actions.v1", 0, 0, None, encode(an_action("a", None, "1")))


def begun() -> Draft:
    """Return a step in which one record was carried out."""
    world = World()
    world.tables[ACTIONS][b"stored"] = b"0"
    draft = Draft(world.policy, world, ACTIONS)
    with draft.carrying_out(RECORD):
        draft.writes[b"row"] = b"1"
        draft.outputs.append(Output("t", b"k", b"first"))
        draft.count("repeats", "t")
    return draft


def rows(draft: Draft) -> list[bytes | None]:
    return [draft.read(key) for key in (b"stored", b"row", b"none")]


def test_a_record_sees_what_earlier_ones_of_the_step_have_written() -> None:
    draft = begun()
    with draft.carrying_out(RECORD):
        assert rows(draft) == [b"0", b"1", None]
        draft.writes[b"row"] = None
        draft.writes[b"stored"] = b"2"
        assert rows(draft) == [b"2", None, None]

    assert rows(draft) == [b"2", None, None]


def test_of_a_record_that_cannot_be_written_down_only_a_dead_letter_is_left() -> None:
    draft = begun()
    with draft.carrying_out(RECORD):
        draft.writes[b"row"] = b"2"
        draft.outputs.append(Output("t", b"k", b"second"))
        draft.count("repeats", "t")
        check_timestamp(-1)
    step = draft.done()

    assert step.writes == {b"row": b"1"}
    assert [output.value for output in step.outputs] == [b"first"]
    assert step.counts == {("repeats", "t"): 1}
    assert [(one.record, one.reason, one.field) for one in step.dead_letters] == [
        (RECORD, "out_of_range", "timestamp")
    ]


def test_any_other_error_is_ours_and_ends_the_step() -> None:
    draft = begun()
    with pytest.raises(ZeroDivisionError), draft.carrying_out(RECORD):
        raise ZeroDivisionError
