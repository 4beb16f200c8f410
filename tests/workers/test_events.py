"""What a person reads of a recommendation and of an audit entry."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest

from schemas.audit import AuditEntry, AuditStatus, Mode
from schemas.codec import encode
from schemas.fields import Entity
from schemas.recommendation import Explanation, HoldReason, Kind, Recommendation
from workers.events import audit_line, recommendation_line

HOUR = datetime(2026, 3, 2, 10, tzinfo=UTC)

PACING = Recommendation(
    platform="meta",
    account_id="7",
    campaign_id="c",
    recommendation_id="0" * 32,
    kind=Kind.PACING,
    hour=HOUR,
    entity_id="c",
    field="hourly_budget",
    current_value=Decimal(4),
    recommended_value=Decimal("1234.50"),
    unit="money",
    currency="EUR",
    pacing_index=0.934,
    spend_to_date=Decimal("31.20"),
    period_budget=Decimal(100),
    decided_at=HOUR,
    valid_from=HOUR,
    expires_at=datetime(2026, 3, 2, 11, tzinfo=UTC),
    model_version="1",
)


def test_a_pacing_recommendation_says_what_to_set_for_which_hour_and_how_spend_stands() -> None:
    line = recommendation_line(encode(PACING))

    assert (line.campaign, line.what, line.at) == ("meta:7:c", "pacing", HOUR)
    assert line.detail == (
        "hourly_budget 4 → 1,234.50 EUR for Mon 10:00Z  pace 0.93  spent 31.20 of 100"
    )


def test_a_late_report_changes_the_value_of_a_later_hour_and_that_hour_is_told() -> None:
    late = msgspec.structs.replace(
        PACING, valid_from=HOUR + timedelta(hours=2), expires_at=HOUR + timedelta(hours=3)
    )

    assert " EUR for Mon 12:00Z  pace" in recommendation_line(encode(late)).detail


def test_a_bid_says_of_which_ad_set_it_is() -> None:
    ad_set = {"field": "bid", "entity": Entity.AD_SET, "entity_id": "144"}
    bid = msgspec.structs.replace(PACING, kind=Kind.BID, pacing_index=None, **ad_set)
    entry = msgspec.structs.replace(ENTRY, **ad_set)

    told = recommendation_line(encode(bid)).detail
    assert told.startswith("bid of 144 4 → 1,234.50 EUR for Mon 10:00Z")
    assert audit_line(encode(entry)).detail == "bid of 144 4 → 5 EUR  by policy"


def test_a_hold_says_its_reason() -> None:
    hold = Recommendation(
        **{
            name: getattr(PACING, name)
            for name in (
                *("platform", "account_id", "campaign_id", "recommendation_id", "hour"),
                *("entity_id", "decided_at", "valid_from", "expires_at", "model_version"),
            )
        },
        kind=Kind.HOLD,
        hold_reason=HoldReason.STALE_DATA,
    )

    assert recommendation_line(encode(hold)).detail == "stale_data for Mon 10:00Z"


ENTRY = AuditEntry(
    platform="meta",
    account_id="7",
    campaign_id="c",
    at=HOUR,
    status=AuditStatus.SIMULATED,
    mode=Mode.SIMULATE,
    actor="policy",
    entity_id="c",
    field="hourly_budget",
    currency="EUR",
    before=Decimal(4),
    after=Decimal(5),
)


def test_an_audit_entry_says_what_was_before_what_is_now_and_who_did_it() -> None:
    line = audit_line(encode(ENTRY))

    assert (line.what, line.detail) == ("simulated", "hourly_budget 4 → 5 EUR  by policy")
    assert line.calm
    drift = msgspec.structs.replace(ENTRY, status=AuditStatus.DRIFT)
    assert not audit_line(encode(drift)).calm


@pytest.mark.parametrize("status", [AuditStatus.DRIFT, AuditStatus.EDITED])
def test_what_somebody_else_has_set_says_who_it_was_and_is_for_looking_at(
    status: AuditStatus,
) -> None:
    found = msgspec.structs.replace(ENTRY, status=status, detail="set by Jane (person)")
    line = audit_line(encode(found))
    assert "set by Jane (person)" in line.detail
    assert not line.calm


def test_what_awaits_approval_says_all_that_an_answer_needs() -> None:
    asked = msgspec.structs.replace(
        ENTRY,
        status=AuditStatus.APPROVAL_REQUIRED,
        detail="approve or reject it before 2026-03-02T11:00:00Z",
        recommendation_id="9c" * 16,
        expected=Decimal(4),
        target=Decimal("10.02"),
        before=None,
        after=None,
    )

    assert audit_line(encode(asked)).detail == (
        "hourly_budget 4 → 10.02 EUR  approve or reject it before 2026-03-02T11:00:00Z"
        f"  recommendation_id {'9c' * 16}"
    )


@pytest.mark.parametrize("status", [AuditStatus.INTENT, AuditStatus.SHADOW])
def test_what_is_not_sent_yet_or_never_says_what_is_wanted_and_alarms_nobody(
    status: AuditStatus,
) -> None:
    wanted = msgspec.structs.replace(ENTRY, status=status, target=Decimal(5), after=None)
    line = audit_line(encode(wanted))

    assert (line.what, line.detail) == (status.value, "hourly_budget 4 → 5 EUR  by policy")
    assert line.calm


def test_what_nobody_could_read_back_says_so_and_what_to_do() -> None:
    doubt = msgspec.structs.replace(
        ENTRY,
        status=AuditStatus.UNVERIFIED,
        reason="not_read_back",
        detail="look at the platform: 5 may be in force",
        after=None,
    )
    line = audit_line(encode(doubt))

    assert line.detail == (
        "hourly_budget 4 → ? EUR  not_read_back  look at the platform: 5 may be in force  by policy"
    )
    assert not line.calm


def test_what_was_rejected_says_why_in_words() -> None:
    refused = msgspec.structs.replace(
        ENTRY, status=AuditStatus.REJECTED, reason="frozen", detail="unfreeze it first"
    )

    assert audit_line(encode(refused)).detail == (
        "hourly_budget 4 → 5 EUR  frozen  unfreeze it first  by policy"
    )


def test_bytes_that_are_no_record_are_shown_and_end_nothing() -> None:
    assert recommendation_line(b"{").what == "unreadable"
    assert not audit_line(b"").calm


def test_advice_for_people_says_what_about_and_why_and_no_money() -> None:
    why = Explanation(code="segment_loses", text="Placement partners brought nothing.")
    advice = msgspec.structs.replace(
        PACING,
        kind=Kind.TARGETING,
        field="placement_bid_share",
        current_value=Decimal(1),
        recommended_value=Decimal("0.25"),
        unit="share_of_bid",
        reasons=(why,),
    )

    detail = recommendation_line(encode(advice)).detail

    assert detail == "placement_bid_share 1 → 0.25: Placement partners brought nothing."
