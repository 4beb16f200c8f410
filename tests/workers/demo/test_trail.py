"""What the trail says of platforms: the last word on each value, and no word on anything else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from schemas import AuditEntry, AuditStatus
from schemas.audit import Mode
from schemas.fields import Entity
from tests.workers.report.told import NAMES, at
from workers.connectors.protocol import Lever
from workers.demo.trail import Trail


def an_entry(field: str, after: str | None, **fields: Any) -> AuditEntry:  # noqa: ANN401 -- of a record
    told: dict[str, Any] = {
        **NAMES,
        "at": at(1),
        "status": AuditStatus.APPLIED,
        "mode": Mode.LIVE,
        "actor": "pacekeeper",
        "action_id": f"{1:032x}",
        "entity_id": "42",
        "field": field,
        "after": None if after is None else Decimal(after),
    }
    return AuditEntry(**(told | fields))


def heard(*entries: AuditEntry) -> dict[tuple[Entity, str, Lever], Decimal | None]:
    trail = Trail()
    for entry in entries:
        trail.hear(entry)
    return {
        (slot.ref.entity, slot.ref.entity_id, slot.ref.lever): value
        for slot, value in trail.values.items()
    }


def test_the_last_word_on_a_value_counts() -> None:
    other = {"action_id": f"{2:032x}"}
    assert heard(an_entry("platform_bid", "1.10"), an_entry("platform_bid", "1.20", **other)) == {
        (Entity.CAMPAIGN, "42", Lever.BID): Decimal("1.20")
    }


def test_an_action_that_is_one_value_itself_has_no_other_entry() -> None:
    assert heard(an_entry("daily_budget", "90")) == {
        (Entity.CAMPAIGN, "42", Lever.DAILY_BUDGET): Decimal(90)
    }


def test_an_action_that_is_set_in_parts_says_nothing_beyond_them() -> None:
    part = an_entry("platform_bid", "1.10", entity=Entity.AD_SET, entity_id="7")
    assert heard(part, an_entry("bid", "1.1"), an_entry("bid_multiplier", "1.2")) == {
        (Entity.AD_SET, "7", Lever.BID): Decimal("1.10")
    }


@pytest.mark.parametrize(
    ("status", "known"),
    [
        (AuditStatus.INTENT, Decimal(90)),
        (AuditStatus.REJECTED, Decimal(90)),
        (AuditStatus.UNVERIFIED, None),
    ],
)
def test_what_may_be_in_force_is_not_known_and_what_was_refused_is_as_before(
    status: AuditStatus, known: Decimal | None
) -> None:
    entries = [
        an_entry("platform_daily_budget", "90"),
        an_entry("platform_daily_budget", None, status=status),
    ]
    assert heard(*entries) == {(Entity.CAMPAIGN, "42", Lever.DAILY_BUDGET): known}
