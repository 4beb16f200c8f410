"""Laws of edits: who has set what is named once, hands are off it at once, and ours are ours."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from schemas import topics
from schemas.action import Action
from schemas.audit import AuditEntry
from schemas.edit import Editor, PlatformEdit
from schemas.fields import Autonomy, Entity
from schemas.levers import HOURLY_BUDGET
from tests.workers.executor.test_live import AD_SETS as BIDS
from tests.workers.executor.test_live import PERSON, Live, budget, multiplier
from tests.workers.executor.world import KEY, NAMES, a_plan, an_action, an_id, at
from workers.executor.edit_histories import MOST_EDITS
from workers.executor.live.outcome import Result
from workers.executor.progress import orders_in

OTHERS = [Editor.PERSON, Editor.OTHER_APP, Editor.RULE]


def an_edit(after: str | None, minutes: float, /, **changes: object) -> PlatformEdit:
    fields: dict[str, Any] = {
        **NAMES,
        "edit_id": an_id(f"{after} at {minutes} {changes}"),
        "at": at(minutes),
        "by": Editor.PERSON,
        "actor": "jane@example.com",
        "client": "Ads Manager",
        "entity": Entity.CAMPAIGN,
        "entity_id": "42",
        "field": "daily_budget",
        "before": None,
        "after": None if after is None else Decimal(after),
        "currency": "EUR",
    }
    return PlatformEdit(**(fields | changes))


def told(world: Live, *edits: PlatformEdit, minutes: float) -> list[AuditEntry]:
    """Let the collector tell of edits at a time; return the entries that they lead to."""
    before = len(world.audit)
    for edit in edits:
        world.publish(topics.EDITS, edit, minutes)
    world.settle()
    return world.audit[before:]


def set_to_120() -> Live:
    """Return a campaign whose daily budget we have set at minute 1."""
    return Live().act(budget("first", "100", "120")).answer()


def later(name: str, expected: str, target: str, minutes: float, **changes: object) -> Action:
    fields = {"released_at": at(minutes), "expires_at": at(minutes + 60)}
    return budget(name, expected, target, **(fields | changes))


def try_at(world: Live, minutes: float, expected: str = "70") -> str | None:
    """Return how an action of policy ends at a time, or what becomes of it first."""
    before = len(world.audit)
    world.act(later(f"at {minutes}", expected, "130", minutes), minutes=minutes)
    entry = world.audit[before]
    return entry.reason


@pytest.mark.parametrize("by", OTHERS)
def test_an_edit_by_somebody_else_is_expected_and_left_alone_for_a_day_from_when_it_was_made(
    by: Editor,
) -> None:
    world = set_to_120()
    (entry,) = told(world, an_edit("70", 30, by=by, before=Decimal(120)), minutes=45)

    assert (entry.status, entry.reason) == ("edited", f"edited_by_{by}")
    assert [entry.field, entry.before, entry.after] == ["daily_budget", 120, 70]
    assert (entry.edited_by, entry.edited_at, entry.actor) == (by, at(30), "jane@example.com")
    assert "Ads Manager" in entry.detail
    assert try_at(world, 50) == "edited_by_others"
    assert "jane@example.com" in world.audit[-1].detail
    assert try_at(world, 30 + 24 * 60 - 1) == "edited_by_others"
    assert try_at(world, 30 + 24 * 60) == "to_be_sent"
    assert world.order is not None
    assert world.order.expected == 70, "what was edited is what has to be found"


def test_of_an_edit_whose_value_is_not_told_whatever_is_found_is_expected_after_the_day() -> None:
    world = set_to_120()
    (entry,) = told(world, an_edit(None, 30), minutes=45)
    assert (entry.reason, entry.after) == ("edited_by_person", None)
    assert try_at(world, 50, expected="120") == "edited_by_others"
    assert try_at(world, 30 + 24 * 60, expected="120") == "to_be_sent"
    assert world.order is not None
    assert world.order.expected is None


@pytest.mark.parametrize("unknown", ["edited", "unverified"])
def test_an_edit_is_heard_also_where_nobody_could_tell_what_was_there_before(unknown: str) -> None:
    world = set_to_120()
    if unknown == "edited":
        told(world, an_edit(None, 30), minutes=31)
    else:
        world.act(budget("second", "120", "130"), minutes=29).answer(Result.UNVERIFIED, minutes=30)
    (entry,) = told(world, an_edit("70", 40), minutes=41)

    assert [entry.reason, entry.field, entry.after] == ["edited_by_person", "daily_budget", 70]
    assert try_at(world, 50) == "edited_by_others"
    assert try_at(world, 40 + 24 * 60) == "to_be_sent"
    assert world.order is not None
    assert world.order.expected == 70


def test_a_person_may_change_at_once_what_somebody_has_edited() -> None:
    world = set_to_120()
    told(world, an_edit("70", 30), minutes=45)
    world.act(later("mine", "70", "90", 46, **PERSON), minutes=46)
    assert world.order is not None
    assert world.order.expected == 70


def test_a_drift_that_is_found_first_is_attributed_by_one_entry_once_the_edit_is_told() -> None:
    world = set_to_120()
    world.act(later("second", "120", "130", 60), minutes=60)
    world.answer(Result.DRIFT, minutes=61, before=None, after=Decimal(70))
    assert world.audit[-1].edited_by is None
    ends = [entry for entry in world.audit if entry.action_id == an_id("second")]
    edit = an_edit("70", 30, before=Decimal(120))
    (entry,) = told(world, edit, minutes=200)

    assert (entry.status, entry.reason) == ("edited", "edited_by_person")
    assert [entry.before, entry.after, entry.edit_id] == [120, 70, edit.edit_id]
    assert an_id("second") in entry.detail
    assert [one for one in world.audit if one.action_id == an_id("second")] == ends
    assert told(world, edit, an_edit("70", 30, actor="Jane"), minutes=210) == []
    assert try_at(world, 61 + 24 * 60 - 1) == "edited_by_others", "a day from when it was found"
    assert try_at(world, 61 + 24 * 60) == "to_be_sent"


def test_a_drift_whose_edit_is_known_names_it_itself() -> None:
    world = set_to_120()
    world.act(later("second", "120", "130", 30), minutes=30)
    edit = an_edit("70", 31)
    told(world, edit, minutes=32)
    world.answer(Result.DRIFT, minutes=33, before=None, after=Decimal(70))
    entry = world.audit[-1]

    assert (entry.status, entry.edited_by, entry.edit_id) == ("drift", "person", edit.edit_id)
    assert "jane@example.com" in entry.detail
    assert told(world, edit, minutes=40) == []


def test_an_edit_does_not_explain_a_drift_that_it_cannot_have_caused() -> None:
    world = set_to_120()
    told(world, an_edit("70", 30), minutes=31)
    world.act(later("mine", "70", "120", 32, **PERSON), minutes=32).answer(minutes=33)
    world.act(later("again", "120", "130", 34, **PERSON), minutes=34)
    world.answer(Result.DRIFT, minutes=35, before=None, after=Decimal(70))
    assert world.audit[-1].edited_by is None
    (entry,) = told(world, an_edit("70", 34.5, actor="bob"), minutes=50)
    assert (entry.actor, entry.edited_at) == ("bob", at(34.5))


def test_a_drift_is_not_laid_to_an_edit_that_was_made_after_it_was_found() -> None:
    world = set_to_120()
    world.act(later("second", "120", "130", 60), minutes=60)
    world.answer(Result.DRIFT, minutes=61, before=None, after=Decimal(70))
    (again,) = told(world, an_edit("70", 100, actor="bob"), minutes=110)
    (found,) = told(world, an_edit("70", 30), minutes=120)
    assert an_id("second") not in again.detail
    assert an_id("second") in found.detail


def test_an_edit_that_was_forgotten_is_not_taken_for_a_new_one() -> None:
    world = set_to_120()
    world.act(later("late", "120", "130", 600, **PERSON), minutes=600).answer(minutes=601)
    edits = [an_edit("70", 10 + each, by=Editor.US) for each in range(MOST_EDITS + 3)]
    assert len(told(world, *edits, minutes=610)) == len(edits)
    assert told(world, *edits, minutes=620) == []
    assert world.counts["repeats", "pacekeeper.edits.v1"] == len(edits)


def test_of_edits_in_any_order_and_told_often_the_last_one_made_counts() -> None:
    edits = [an_edit("70", 30), an_edit("80", 40), an_edit("90", 50)]
    for order in permutations(edits):
        world = set_to_120()
        for minutes, edit in enumerate(order):
            told(world, edit, edit, minutes=60 + minutes)
            told(world, order[0], minutes=60.5 + minutes)
        ((_, orders),) = orders_in(world.tables["actions"])
        (until,) = orders.hands_off.values()
        assert until == at(50 + 24 * 60).timestamp() * 1000
        assert list(orders.set_last.values()) == [90]
        assert world.audit[-1].after == 90
        told_of = [entry.after for entry in world.audit if entry.status == "edited"]
        assert len(told_of) == len(set(told_of))


def test_an_edit_of_before_our_own_last_value_starts_nothing() -> None:
    world = set_to_120()
    world.act(later("second", "120", "130", 60), minutes=60).answer(minutes=61)
    assert told(world, an_edit("70", 59), minutes=70) == []
    assert try_at(world, 71, expected="130") == "to_be_sent"


@pytest.mark.parametrize("restated", [{"actor": "Jane"}, {"before": Decimal(119)}, {"client": ""}])
def test_an_edit_that_is_restated_has_no_second_effect(restated: dict[str, Any]) -> None:
    world = set_to_120()
    assert len(told(world, an_edit("70", 30), minutes=31)) == 1
    rows = dict(world.tables["actions"])
    assert told(world, an_edit("70", 30, **restated), minutes=40) == []
    assert world.tables["actions"][KEY] == rows[KEY]
    assert list(orders_in(world.tables["actions"])) == list(orders_in(rows))


@pytest.mark.parametrize("by", Editor)
def test_an_edit_that_is_our_change_confirms_it_and_starts_nothing_whoever_it_is_taken_for(
    by: Editor,
) -> None:
    world = Live().act(budget("first", "100", "120"))
    ours = an_edit("120", 0.5, by=by)
    assert told(world, ours, minutes=0.6) == [], "it may be told before the answer"
    world.answer()
    ahead = an_edit("120", 2, by=by)
    assert told(world, ours, ahead, minutes=30) == [], "by a clock that is ahead of ours"
    assert try_at(world, 31, expected="120") == "to_be_sent"


def test_a_value_that_the_platform_has_rounded_is_ours_as_well() -> None:
    world = Live().act(budget("first", "100", "120.57"))
    assert told(world, an_edit("120", 0.5, by=Editor.US), minutes=0.6) == []
    (entry,) = told(world, an_edit("119", 0.5, by=Editor.US), minutes=0.6)
    assert entry.reason == "unexplained"


@pytest.mark.parametrize(("after", "minutes"), [("70", 0.5), ("120", 300)])
def test_what_our_credentials_have_set_and_no_order_has_is_an_alarm(
    after: str, minutes: float
) -> None:
    world = set_to_120()
    world.act(later("second", "120", "130", 20), minutes=20).answer(minutes=21)
    edit = an_edit(after, minutes, by=Editor.US)
    (entry,) = told(world, edit, minutes=310)

    assert (entry.status, entry.reason, entry.edited_by) == ("edited", "unexplained", "us")
    assert "see who uses them" in entry.detail
    assert world.counts["platform_edits", "google", "unexplained"] == 1
    assert told(world, edit, minutes=320) == []
    late = minutes < 21
    assert entry.after == (None if late else 120), "what was read since is in force"
    assert try_at(world, 330, "130" if late else "120") == (
        "to_be_sent" if late else "edited_by_others"
    )


def test_what_our_credentials_have_set_that_we_never_set_is_an_alarm_too() -> None:
    world = set_to_120()
    (entry,) = told(world, an_edit("0", 30, by=Editor.US, field="status"), minutes=31)
    assert [entry.reason, entry.field, entry.after] == ["unexplained", "platform_status", 0]


def test_where_our_orders_of_then_are_not_known_nobody_is_blamed() -> None:
    assert told(Live(), an_edit("70", 30, by=Editor.US), minutes=31) == []
    world = Live().act(later("first", "100", "120", 60), minutes=60).answer(minutes=61)
    assert told(world, an_edit("70", 30, by=Editor.US), minutes=70) == []


def test_a_call_of_ours_that_took_effect_late_is_told_as_ours() -> None:
    world = set_to_120()
    world.act(later("slow", "120", "130", 20), minutes=20)
    world.answer(Result.FAILED, minutes=21, attempts=1, before=Decimal(120), after=Decimal(120))
    world.act(later("next", "120", "140", 22), minutes=22)
    world.answer(Result.DRIFT, minutes=23, before=None, after=Decimal(130))
    (entry,) = told(world, an_edit("130", 21.2, by=Editor.US), minutes=40)
    assert [entry.reason, entry.after] == ["edited_by_us", 130]


def test_values_that_we_have_never_set_are_left_to_others_in_silence() -> None:
    world = set_to_120()
    assert told(world, an_edit("9", 30, field="bid"), minutes=31) == []
    assert told(world, an_edit("9", 30, entity=Entity.AD_SET, entity_id="x"), minutes=31) == []


def test_an_edit_of_an_account_that_is_not_named_changes_nothing() -> None:
    world = set_to_120()
    world.publish(topics.EDITS, an_edit("70", 30, account_id="8"), 31, key=b"google:8:42")
    world.settle()
    assert world.audit[-1].status == "applied"


def test_a_platform_whose_clock_is_ahead_keeps_nobody_off_for_longer_than_a_day() -> None:
    world = set_to_120()
    (entry,) = told(world, an_edit("70", 10**7), minutes=45)
    assert entry.edited_at == at(45)
    assert try_at(world, 45 + 24 * 60) == "to_be_sent"


def test_the_next_decision_goes_by_what_was_edited() -> None:
    world = set_to_120()
    told(world, an_edit("70", 30), minutes=31)
    later_on = 30 + 24 * 60
    assert try_at(world, later_on, expected="120") == "not_as_expected"
    assert try_at(world, later_on + 1, expected="70") == "to_be_sent"


@pytest.mark.parametrize(("after", "hour"), [("310", "70"), ("150", "20")])
def test_what_a_person_gives_the_day_more_an_hour_may_spend_more(after: str, hour: str) -> None:
    for found in (False, True):
        world = Live(a_plan(Autonomy.AUTO))
        first = an_action("hour", None, "20", day_budget=Decimal(260))
        world.act(first).answer(before=Decimal(240))
        if found:
            second = an_action("next", "20", "25", day_budget=Decimal(265))
            world.act(second, minutes=2)
            world.answer(Result.DRIFT, minutes=3, before=None, after=Decimal(after))
            entry = world.audit[-1]
        else:
            (entry,) = told(world, an_edit(after, 30), minutes=31)
        assert entry.field == HOURLY_BUDGET
        assert entry.after == Decimal(hour), "never less than the platform may spend in it"


def test_bids_that_a_multiplier_became_are_told_as_the_platforms_own() -> None:
    plan = a_plan(Autonomy.AUTO, actuator="bid", ad_sets=BIDS)
    world = Live(plan).act(multiplier("more", None, "1.2"))
    while world.order is not None:
        world.answer(before=Decimal(1))
    edit = an_edit("9", 30, entity=Entity.AD_SET, entity_id="a", field="bid")
    (entry,) = told(world, edit, minutes=31)
    assert [entry.field, entry.entity_id, entry.after] == ["platform_bid", "a", 9]
    world.act(multiplier("again", "1.2", "1.3"), minutes=40)
    assert world.said()[-1] == ("rejected", "edited_by_others")
