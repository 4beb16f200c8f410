"""What each status of the audit trail says of the target: in force, not, open, or nobody knows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from schemas import AuditEntry, AuditStatus, Mode
from schemas.audit import (
    CHANGED,
    FOLLOWED,
    IN_FORCE,
    MAY_BE_IN_FORCE,
    OPEN,
    highest_in_force,
)


def an_entry(status: AuditStatus, **values: str) -> AuditEntry:
    given: dict[str, Any] = {name: Decimal(value) for name, value in values.items()}
    return AuditEntry(
        platform="google",
        account_id="7",
        campaign_id="42",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        status=status,
        mode=Mode.LIVE,
        actor="policy",
        entity_id="42",
        field="hourly_budget",
        **given,
    )


def test_what_changes_something_or_was_followed_is_in_force_and_nothing_else_is() -> None:
    assert CHANGED | FOLLOWED == IN_FORCE
    assert IN_FORCE.isdisjoint(MAY_BE_IN_FORCE)
    assert AuditStatus.NO_OP not in CHANGED
    assert AuditStatus.ROLLED_BACK not in FOLLOWED


def test_what_ends_nothing_is_open_and_its_target_may_be_in_force() -> None:
    assert {AuditStatus.INTENT} == OPEN
    assert OPEN < MAY_BE_IN_FORCE


@pytest.mark.parametrize("status", sorted(set(AuditStatus) - MAY_BE_IN_FORCE))
def test_what_is_known_to_be_in_force_is_said_by_the_entry(status: AuditStatus) -> None:
    assert highest_in_force(an_entry(status, before="5", target="9", after="7")) == 7
    assert highest_in_force(an_entry(status, before="5", target="9")) is None


@pytest.mark.parametrize("status", sorted(MAY_BE_IN_FORCE))
@pytest.mark.parametrize(("before", "target"), [("5", "9"), ("9", "5")])
def test_where_nobody_knows_the_higher_of_what_was_and_what_is_wanted_counts(
    status: AuditStatus, before: str, target: str
) -> None:
    assert highest_in_force(an_entry(status, before=before, target=target)) == 9
    assert highest_in_force(an_entry(status, target=target)) == Decimal(target)
    assert highest_in_force(an_entry(status)) is None
