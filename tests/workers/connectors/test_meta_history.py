"""Meta's history tells who changed what: a person, our app, another one, or Meta itself."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.edit import Editor
from schemas.fields import Entity
from tests.workers.connectors.meta_parts import NOON, Clock, change_of, meta, reference, set_value
from workers.connectors.errors import Ambiguous
from workers.connectors.protocol import Lever, Ref

PERSON = {"actor_id": "31", "actor_name": "Jane"}
WHO = {
    "a person in Ads Manager": (
        {**PERSON, "application_id": "119211728144504", "application_name": "Ads Manager"},
        Editor.PERSON,
    ),
    "a person, no application told": (PERSON, Editor.PERSON),
    "our app": ({**PERSON, "application_id": "app"}, Editor.US),
    "another app": (
        {**PERSON, "application_id": "77", "application_name": "Other"},
        Editor.OTHER_APP,
    ),
    "another app without a number": ({**PERSON, "application_name": "Other"}, Editor.OTHER_APP),
    "an automated rule": (
        {"actor_id": "31", "actor_name": "Automated Rules", "application_name": "Ads Manager"},
        Editor.RULE,
    ),
    "Meta itself": ({"actor_id": "0", "actor_name": "Meta"}, Editor.RULE),
    "Meta itself, following from our app": (
        {"actor_id": "0", "actor_name": "Meta", "application_id": "app"},
        Editor.RULE,
    ),
    "Meta itself, by another name": ({"actor_id": "0", "actor_name": "Meta Ads"}, Editor.RULE),
}
CHANGES = {
    "update_ad_set_budget": ("7", Lever.DAILY_BUDGET),
    "update_ad_set_bidding": ("7", Lever.BID),
    "update_campaign_budget": ("6", Lever.DAILY_BUDGET),
}
AMOUNTS = {
    "type": "composite_data",
    "old_value": {"type": "payment_amount", "currency": "EUR", "old_value": 5000},
    "new_value": {"type": "payment_amount", "currency": "EUR", "new_value": 6150},
}
"""As accounts' logs have it: the amount stands once more under the side's name."""


def event(kind: str, entity_id: str, extra: object, who: dict[str, str]) -> dict[str, object]:
    return {
        "event_type": kind,
        "event_time": "2026-03-02T12:00:00+0000",
        "object_id": entity_id,
        "extra_data": json.dumps(extra),
        **who,
    }


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("who", WHO)
async def test_a_change_is_told_with_its_amounts_and_who_made_it(who: str, kind: str) -> None:
    actor, by = WHO[who]
    entity_id, lever = CHANGES[kind]
    async with meta() as (platform, connector):
        platform.store.activities["1"] = [event(kind, entity_id, AMOUNTS, actor)]
        [edit] = await connector.read_history("1", NOON)
        assert (edit.by, edit.actor, edit.at) == (by, actor["actor_name"], NOON)
        assert (edit.before, edit.after) == (Decimal(50), Decimal("61.5"))
        assert (edit.ref.entity_id, edit.ref.lever) == (entity_id, lever)


@pytest.mark.parametrize(
    ("extra", "before", "after"),
    [
        ({"run_status": {"old_value": 1, "new_value": 15}}, 1, 0),
        ({"run_status": {"old_value": 15, "new_value": 1}}, 0, 1),
        ({"run_status": {"old_value": 15, "new_value": 17}}, 0, None),
        ({"old_value": "Aktiv", "new_value": "Inaktiv"}, None, None),
    ],
)
async def test_a_pause_is_told_by_its_number_and_not_by_words_of_whichever_language(
    extra: dict[str, object], before: int | None, after: int | None
) -> None:
    async with meta() as (platform, connector):
        platform.store.activities["1"] = [event("update_campaign_run_status", "5", extra, PERSON)]
        [edit] = await connector.read_history("1", NOON)
        assert edit.ref == reference(Lever.STATUS, Entity.CAMPAIGN, "5")
        assert (edit.before, edit.after, edit.by) == (before, after, Editor.PERSON)


@pytest.mark.parametrize(
    ("ref", "fields"),
    [
        (reference(Lever.LIFETIME_BUDGET), {"daily_budget": "0", "lifetime_budget": "5000"}),
        (reference(Lever.COST_CAP), {"bid_strategy": "COST_CAP"}),
        (reference(Lever.DAILY_BUDGET), {}),
        (reference(Lever.BID), {}),
        (reference(Lever.STATUS), {}),
        (reference(Lever.DAILY_BUDGET, Entity.CAMPAIGN, "6"), {}),
        (reference(Lever.STATUS, Entity.CAMPAIGN, "6"), {}),
    ],
)
async def test_what_we_set_and_a_person_sets_again_is_told_in_that_order(
    ref: Ref, fields: dict[str, object]
) -> None:
    clock = Clock()
    async with meta(now=clock) as (platform, connector):
        platform.store.entities["7"].update(fields)
        before, ours, theirs = platform.value(ref), Decimal(0), Decimal(1)
        if ref.lever is not Lever.STATUS:
            ours, theirs = Decimal(60), Decimal(70)
        await set_value(connector, change_of(ref, str(ours)))
        clock.move(minutes=1)
        platform.edit(ref, theirs)
        edits = await connector.read_history("1", NOON)
        assert [(edit.ref, edit.by, edit.before, edit.after) for edit in edits] == [
            (ref, Editor.US, before, ours),
            (ref, Editor.PERSON, ours, theirs),
        ]
        assert await connector.read_history("1", clock.at) == edits[1:]


async def test_amounts_of_the_history_are_in_metas_units_of_the_accounts_currency() -> None:
    async with meta("JPY") as (_, connector):
        await set_value(connector, change_of(reference(Lever.DAILY_BUDGET), "6257", "JPY"))
        [edit] = await connector.read_history("1", NOON)
        assert (edit.before, edit.after) == (Decimal(5000), Decimal(6257))


async def test_a_minimum_roas_is_told_without_values_whose_unit_is_not_known() -> None:
    async with meta() as (platform, connector):
        platform.store.entities["7"].update(
            bid_strategy="LOWEST_COST_WITH_MIN_ROAS", bid_constraints={"roas_average_floor": 12500}
        )
        await set_value(connector, change_of(reference(Lever.TARGET_ROAS), "2"))
        [edit] = await connector.read_history("1", NOON)
        assert (edit.ref.lever, edit.before, edit.after) == (Lever.TARGET_ROAS, None, None)


async def test_events_of_what_has_gone_or_cannot_be_set_are_left_out() -> None:
    async with meta() as (platform, connector):
        platform.store.activities["1"] = [
            event("update_ad_set_budget", "404", AMOUNTS, PERSON),
            event("update_ad_set_budget", "8", AMOUNTS, PERSON),
            event("update_ad_set_name", "7", AMOUNTS, PERSON),
        ]
        assert await connector.read_history("1", NOON) == []


async def test_each_entity_is_asked_once_however_often_it_was_changed() -> None:
    async with meta() as (platform, connector):
        rows = [event("update_ad_set_budget", "7", AMOUNTS, PERSON) for _ in range(60)]
        platform.store.activities["1"] = rows
        assert len(await connector.read_history("1", NOON - timedelta(days=1))) == 60
        assert [path for _, path, _ in platform.requests].count("7") == 1


@pytest.mark.parametrize("extra", [{"new_value": "much"}, {"new_value": [1]}, [1]])
async def test_a_row_that_cannot_be_read_is_ambiguous(extra: object) -> None:
    async with meta() as (platform, connector):
        platform.store.activities["1"] = [event("update_ad_set_budget", "7", extra, PERSON)]
        with pytest.raises(Ambiguous, match="history"):
            await connector.read_history("1", NOON)
