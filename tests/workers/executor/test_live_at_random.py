"""Laws of live mode for whatever is released and whatever a platform answers, in any order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from schemas import Return, topics
from schemas.action import Action, Release
from schemas.decision import Verb
from schemas.fields import Autonomy, Entity
from schemas.plan import Actuator, AdSet, Bid, Plan
from tests.workers.executor.test_live import Live
from tests.workers.executor.world import (
    KEY,
    a_decision,
    a_plan,
    a_tick,
    an_action,
    an_id,
    at,
    roll_back,
)
from workers.connectors.settings import AccountMode
from workers.executor.live.outcome import Outcome, Result
from workers.executor.progress import orders_in
from workers.executor.tables import in_force

NAMES = "abcdefghijkl"
AMOUNTS = st.sampled_from(
    [Decimal(text) for text in ("0", "0.5", "1", "1.2", "100", "9.999999", "1E+12", "1E-18", "-3")]
)
SAID = st.one_of(st.none(), AMOUNTS, st.decimals())
TEXTS = st.sampled_from(["", "why", "\ud83d", "x" * 3000])
FIELDS = st.sampled_from(["daily_budget", "hourly_budget", "bid", "bid_multiplier", "other"])


USUAL = st.sampled_from([Decimal("0.5"), Decimal(1), Decimal("1.2"), Decimal(100)])


@st.composite
def actions(draw: st.DrawFn) -> dict[str, Any]:
    """Return an action that the schema allows, however odd; its times count from its reading on."""
    entity, entity_id = draw(
        st.sampled_from([*[(Entity.CAMPAIGN, "42")] * 3, (Entity.AD_SET, "a")])
    )
    return {
        "name": draw(st.sampled_from(NAMES)),
        "begins": draw(st.sampled_from([0, 0, 0, 30])),
        "lasts": draw(st.sampled_from([60, 60, 1, 9_000])),
        "returns": draw(st.booleans()),
        "field": "bid" if entity is Entity.AD_SET else draw(FIELDS),
        "entity": entity,
        "entity_id": entity_id,
        "target": draw(USUAL | AMOUNTS),
        "follows": draw(st.sampled_from([True, True, False])),
        "hourly_cap": draw(USUAL | AMOUNTS | st.none()),
        "day_budget": draw(USUAL | AMOUNTS | st.none()),
        "currency": draw(st.sampled_from(["EUR"] * 8 + [None, "JPY", "no currency"])),
        "released_by": draw(st.sampled_from(Release)),
        "plan_version": draw(st.sampled_from([1, 1, 1, 2])),
        "rolls_back": draw(st.sampled_from([None, None, an_id("a")])),
    }


def released(world: Live, fields: dict[str, Any], now: float) -> Action:
    """Return the action; it mostly expects what is in force."""
    fields = dict(fields)
    name, begins = fields.pop("name"), now + fields.pop("begins")
    expires = begins + fields.pop("lasts")
    goes_back, follows = fields.pop("returns"), fields.pop("follows")
    if fields["field"] == "bid" and goes_back:
        fields["returns"] = (Return(at=at(expires), value=Decimal("0.5")),)
    action = an_action(name, None, "1", valid_from=at(begins), expires_at=at(expires), **fields)
    found = in_force(world, KEY).value_for(action)
    return structs.replace(action, expected=found if follows else Decimal(7))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return a plan, of either version."""
    ad_sets = (
        AdSet(ad_set_id="a", bid=Bid(base=Decimal(1), max=Decimal("1.4"))),
        AdSet(ad_set_id="b", bid=Bid(base=Decimal(10**12))),
        AdSet(ad_set_id="c", protected=True),
    )
    return a_plan(
        draw(st.sampled_from([Autonomy.AUTO, Autonomy.AUTO, Autonomy.PROPOSE])),
        version=draw(st.sampled_from([1, 2])),
        ad_sets=ad_sets[: draw(st.integers(0, 3))],
        actuator=draw(st.sampled_from([Actuator.BID, Actuator.TARGET_CPA])),
        target_cpa=draw(st.sampled_from([None, Decimal(20), Decimal(10**12)])),
    )


OUTCOMES: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    result=st.sampled_from([*Result, Result.APPLIED, Result.APPLIED]),
    before=SAID,
    after=SAID,
    sent=st.sampled_from(["", "12000", "2500000000000", "NaN", "sNaN", "a bid"]),
    text=TEXTS,
    platform_code=TEXTS,
    request_id=TEXTS,
    attempts=st.integers(0, 10**6),
    may_have_changed=st.booleans(),
    at=st.floats(-1e12, 1e12),
)
STEPS = st.one_of(
    actions(),
    actions(),
    OUTCOMES,
    OUTCOMES,
    st.one_of(plans(), st.none(), st.sampled_from([Verb.FREEZE, Verb.ROLL_BACK, 5, 400, 2_000])),
)


def take(world: Live, step: object, now: float) -> None:
    if isinstance(step, dict) and "field" in step:
        world.publish(topics.ACTIONS, released(world, step, now), now)
    elif isinstance(step, Plan) or step is None:
        world.publish(topics.PLANS, step or None, now)
    elif step is Verb.ROLL_BACK:
        world.publish(topics.DECISIONS, roll_back("a", minutes=now), now)
    elif step is Verb.FREEZE:
        freeze = a_decision(Verb.FREEZE, minutes=now, until=at(now + 4))
        world.publish(topics.DECISIONS, freeze, now)
    elif isinstance(step, dict) and world.order is not None:
        world.tell(Outcome(action_id=world.order.action_id, reason="said", **step))
    world.settle()


@settings(max_examples=150, deadline=None)
@given(
    first=plans(),
    steps=st.lists(STEPS, min_size=8, max_size=25),
    mode=st.sampled_from([AccountMode.LIVE, AccountMode.LIVE, AccountMode.SHADOW]),
)
def test_whatever_happens_nothing_waits_for_ever_and_every_entry_can_be_read(
    first: Plan, steps: list[object], mode: AccountMode
) -> None:
    world, now = Live(first, mode), 1.0
    for step in steps:
        now += step if isinstance(step, int) else 1
        if isinstance(step, int):
            world.publish(topics.TICKS, a_tick(now), now, key=b"0")
        take(world, step, now)
        for _, orders in orders_in(world.tables["actions"]):
            assert orders.under_way is not None or not orders.waiting
    answers = 0
    while world.order is not None:
        world.answer(Result.REJECTED, minutes=now)
        answers += 1
        assert answers < 200
    assert [entry.sequence for entry in world.audit] == list(range(len(world.audit)))
    opened = {entry.action_id for entry in world.audit if entry.status == "intent"}
    last = {
        entry.action_id: entry.status for entry in world.audit if entry.field[:9] != "platform_"
    }
    assert all(last[action] != "intent" for action in opened)
