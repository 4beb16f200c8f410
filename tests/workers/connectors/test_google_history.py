"""Who changed what on Google Ads, by the client that the platform says it came through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.ads.googleads.v26.enums.types.change_client_type import ChangeClientTypeEnum

from schemas.edit import Editor
from tests.workers.connectors.google_parts import (
    ACCOUNT,
    BID,
    BUDGET,
    ad_group,
    campaign,
    change,
    read,
    set_to,
    speaking,
)
from workers.connectors.google import queries
from workers.connectors.google.reports import moment
from workers.connectors.protocol import Lever, Ref
from workers.sandbox.google.world import OPERATOR, PERSON, Author

BY = {
    "GOOGLE_ADS_WEB_CLIENT": Editor.PERSON,
    "GOOGLE_ADS_EDITOR": Editor.PERSON,
    "GOOGLE_ADS_MOBILE_APP": Editor.PERSON,
    "GOOGLE_ADS_BULK_UPLOAD": Editor.PERSON,
    "GOOGLE_ADS_RECOMMENDATIONS": Editor.PERSON,
    "GOOGLE_ADS_AUTOMATED_RULE": Editor.RULE,
    "GOOGLE_ADS_RECOMMENDATIONS_SUBSCRIPTION": Editor.RULE,
    "INTERNAL_TOOL": Editor.RULE,
    "GOOGLE_ADS_API": Editor.OTHER_APP,
    "GOOGLE_ADS_SCRIPTS": Editor.OTHER_APP,
    "SEARCH_ADS_360_SYNC": Editor.OTHER_APP,
    "SEARCH_ADS_360_POST": Editor.OTHER_APP,
    "OTHER": Editor.OTHER_APP,
    "UNKNOWN": Editor.OTHER_APP,
    "UNSPECIFIED": Editor.OTHER_APP,
}
"""Of a user who is not the one that we act as."""


def recently() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=5)


def test_every_client_that_google_names_is_looked_at() -> None:
    clients: Any = ChangeClientTypeEnum.ChangeClientType
    assert set(BY) == {one.name for one in clients}


@pytest.mark.parametrize("client", BY)
@pytest.mark.parametrize("edited", [BUDGET, BID], ids=lambda one: one.lever)
async def test_an_edit_is_by_whom_the_client_says(client: str, edited: Ref) -> None:
    async with speaking() as (connector, sandbox):
        sandbox.edit(edited, Decimal("0.70"))
        sandbox.world.events.clear()
        sandbox.world.edit(edited, Decimal("7.50"), Author(PERSON, client))
        (told,) = await connector.read_history(ACCOUNT, recently())
        assert (told.ref, told.by, told.actor) == (edited, BY[client], PERSON)
        assert (told.before, told.after) == (Decimal("0.7"), Decimal("7.5"))


async def test_what_we_changed_is_ours_by_our_user_and_a_persons_is_theirs() -> None:
    async with speaking() as (connector, sandbox):
        await set_to(connector, sandbox, BUDGET, "2.50")
        sandbox.edit(BID, Decimal("0.70"))
        sandbox.world.edit(BUDGET, Decimal(3), Author(OPERATOR.upper(), "GOOGLE_ADS_API"))
        sandbox.world.edit(BUDGET, Decimal(4), Author(OPERATOR, "GOOGLE_ADS_WEB_CLIENT"))
        told = await connector.read_history(ACCOUNT, recently())
        assert [(one.ref, one.by, one.before, one.after) for one in told] == [
            (BUDGET, Editor.US, Decimal(10), Decimal("2.5")),
            (BID, Editor.PERSON, Decimal(1), Decimal("0.7")),
            (BUDGET, Editor.US, Decimal("2.5"), Decimal(3)),
            (BUDGET, Editor.PERSON, Decimal(3), Decimal(4)),
        ]
        assert [one.at for one in told] == [one.at for one in sandbox.effects]


async def test_an_edit_of_a_modifier_tells_its_part() -> None:
    async with speaking() as (connector, sandbox):
        stretch = {"day_of_week": "MONDAY", "start_hour": 8, "end_hour": 12}
        sandbox.world.add_schedule(ACCOUNT, "11", "301", **stretch)
        refs = [
            campaign(Lever.DEVICE_MODIFIER, part="mobile"),
            ad_group(Lever.DEVICE_MODIFIER, "tablet"),
            campaign(Lever.SCHEDULE_MODIFIER, part="mon-08-12"),
        ]
        for ref in refs:
            sandbox.edit(ref, Decimal("1.2"))
            sandbox.edit(ref, Decimal("0.9"))
        told = await connector.read_history(ACCOUNT, recently())
        values = [(None, Decimal("1.2")), (Decimal("1.2"), Decimal("0.9"))]
        assert [(one.ref, one.before, one.after) for one in told] == [
            (ref, *pair) for ref in refs for pair in values
        ]


async def test_the_statuses_that_an_edit_tells_are_one_and_zero() -> None:
    async with speaking() as (connector, sandbox):
        for ref in (campaign(Lever.STATUS), ad_group(Lever.STATUS)):
            sandbox.edit(ref, Decimal(0))
        told = await connector.read_history(ACCOUNT, recently())
        assert [(one.before, one.after) for one in told] == [(Decimal(1), Decimal(0))] * 2


async def test_what_came_before_is_not_told() -> None:
    async with speaking() as (connector, sandbox):
        sandbox.edit(BUDGET, Decimal(3))
        after = datetime.now(UTC)
        await connector.apply(change(BUDGET, "2.50"), await read(connector, BUDGET))
        told = await connector.read_history(ACCOUNT, after)
        assert [one.after for one in told] == [Decimal("2.5")]
        assert len(await connector.read_history(ACCOUNT, after - timedelta(days=400))) == 2


async def test_more_changes_than_one_answer_holds_are_all_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queries, "MOST_CHANGES", 40)
    async with speaking() as (connector, sandbox):
        sandbox.edit(BUDGET, Decimal(3))
        ((owner, event),) = sandbox.world.events
        start, count = event["at"] - timedelta(hours=2), queries.MOST_CHANGES * 3 + 1
        several = (start + timedelta(seconds=0.1 * number) for number in range(count))
        sandbox.world.events[:] = [(owner, event | {"at": at}) for at in several]
        told = await connector.read_history(ACCOUNT, start)
        assert len(told) == count
        assert [one.at for one in told] == [event["at"] for _, event in sandbox.world.events]


def test_a_label_that_stands_for_two_moments_is_not_taken_for_the_one_before() -> None:
    zone, label = ZoneInfo("Europe/Berlin"), "2026-10-25 02:30:00.5"
    first, second = (datetime(2026, 10, 25, hour, 30, 0, 500_000, UTC) for hour in (0, 1))
    minute = timedelta(minutes=1)
    assert moment(label, zone, first - minute) == first
    assert moment(label, zone, first + minute) == second
    assert moment(label, zone, second + minute) == second
    assert moment("2026-10-25 04:30:00.5", zone, first) == second + timedelta(hours=2)
