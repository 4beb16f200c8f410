"""Which hours are accepted, which are refused, and why."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from time import process_time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import (
    LearningStatus,
    MetricsEvent,
    Reason,
    RecordMode,
    SchemaError,
    decode_metrics,
    encode,
)
from schemas.aliases import ALIASES, CLICKS_ABOVE_IMPRESSIONS
from tests.schemas.golden import stored

HOUR: dict[str, object] = {
    "platform": "google",
    "account_id": "123-456-7890",
    "campaign_id": "987",
    "window_start": "2026-03-02T08:00:00Z",
    "impressions": 1200,
    "clicks": 31,
    "spend": "177.0866",
}
DELTA: dict[str, object] = {"record_mode": "delta", "event_id": "e-1"}


def an_hour(**changes: object) -> bytes:
    fields = {**HOUR, **changes}
    return json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()


def refusal(data: bytes) -> tuple[str, Reason]:
    with pytest.raises(SchemaError) as caught:
        decode_metrics(data)
    return caught.value.field, caught.value.reason


# ---------------------------------------------------------------- accepted


def test_numbers_and_strings_mean_the_same_exact_amount() -> None:
    as_number = decode_metrics(an_hour().replace(b'"177.0866"', b"177.0866")).event
    as_string = decode_metrics(an_hour()).event

    assert as_number == as_string
    assert as_number.spend == Decimal("177.0866")


@given(st.decimals(0, 10**12, places=18))
def test_no_digit_of_an_amount_is_lost(spend: Decimal) -> None:
    text = f"{spend:f}"
    for written in (f'"{text}"', text):
        data = an_hour().replace(b'"177.0866"', written.encode())
        assert decode_metrics(data).event.spend == spend


def test_an_hour_is_a_snapshot_unless_it_says_otherwise() -> None:
    assert decode_metrics(an_hour()).event.record_mode is RecordMode.SNAPSHOT
    assert decode_metrics(an_hour(**DELTA)).event.is_delta


def test_corrections_in_a_delta_may_be_negative() -> None:
    event = decode_metrics(stored("metrics.v1-delta")).event

    assert (event.impressions, event.clicks, event.spend) == (-40, -2, Decimal("-1.84"))


def test_clicks_above_impressions_are_accepted_and_suspect() -> None:
    assert decode_metrics(an_hour(clicks=1201)).suspect == (CLICKS_ABOVE_IMPRESSIONS,)
    assert decode_metrics(an_hour(clicks=1200)).suspect == ()
    assert decode_metrics(an_hour(clicks=1201, **DELTA)).suspect == ()


def test_unknown_fields_are_ignored_and_reported_with_their_path() -> None:
    decoded = decode_metrics(an_hour(viewability=0.7, breakdown=[{"colour": "red"}]))

    assert decoded.unknown_fields == ("viewability", "breakdown[0].colour")
    assert decoded.event.impressions == 1200


def test_times_with_another_offset_are_kept_in_utc() -> None:
    event = decode_metrics(an_hour(window_start="2026-03-02T09:00:00+01:00")).event

    assert event.window_start == datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert event.window_start.tzinfo is UTC


@pytest.mark.parametrize(
    ("start", "timezone"),
    [
        ("2026-03-02T08:30:00Z", "Asia/Kolkata"),
        ("2026-03-02T08:15:00Z", "Asia/Kathmandu"),
        ("2026-03-02T08:15:00Z", "Pacific/Chatham"),
        ("2026-03-02T14:00:00+05:30", "Asia/Kolkata"),
        ("2026-03-02T08:00:00Z", "Asia/Kolkata"),
        ("2026-03-02T08:30:00Z", ...),
        ("2026-03-02T14:00:00+05:45", ...),
    ],
)
def test_an_hour_begins_on_a_whole_hour_of_utc_or_of_the_account(
    start: str, timezone: object
) -> None:
    decode_metrics(an_hour(window_start=start, account_timezone=timezone))


def test_an_hour_may_be_reported_from_its_first_moment_on() -> None:
    decode_metrics(an_hour(emitted_at="2026-03-02T08:00:00Z"))


def test_both_hours_of_the_autumn_change_are_whole_hours() -> None:
    for start in ("2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"):
        decode_metrics(an_hour(window_start=start, account_timezone="Europe/Berlin"))


def test_names_may_hold_what_platforms_use() -> None:
    event = decode_metrics(an_hour(account_id="act_1-2.3", campaign_id="a:b/ü 4")).event

    assert event.key == "google:act_1-2.3:a:b/ü 4".encode()


def test_context_is_kept() -> None:
    event = decode_metrics(stored("metrics.v1-snapshot")).event

    assert (event.current_bid, event.daily_budget) == (Decimal("0.43"), Decimal(2500))
    assert event.learning_status is LearningStatus.LEARNED
    assert [row.device for row in event.breakdown] == ["mobile", "desktop"]


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"impressions": ...}, "impressions", Reason.MISSING),
        ({"spend": ...}, "spend", Reason.MISSING),
        ({"impressions": "12"}, "impressions", Reason.WRONG_TYPE),
        ({"impressions": 12.5}, "impressions", Reason.WRONG_TYPE),
        ({"impressions": None}, "impressions", Reason.WRONG_TYPE),
        ({"impressions": True}, "impressions", Reason.WRONG_TYPE),
        ({"spend": "a lot"}, "spend", Reason.WRONG_TYPE),
        ({"spend": True}, "spend", Reason.WRONG_TYPE),
        ({"campaign_id": 987}, "campaign_id", Reason.WRONG_TYPE),
        ({"spend": "NaN"}, "spend", Reason.NOT_FINITE),
        ({"spend": "sNaN"}, "spend", Reason.NOT_FINITE),
        ({"spend": "-Infinity"}, "spend", Reason.NOT_FINITE),
        ({"revenue": "inf"}, "revenue", Reason.NOT_FINITE),
        ({"conversions": "NaN"}, "conversions", Reason.NOT_FINITE),
        ({"spend": float("nan")}, "spend", Reason.NOT_FINITE),
        ({"impressions": float("inf")}, "impressions", Reason.NOT_FINITE),
        ({"breakdown": [{}, {"spend": float("nan")}]}, "breakdown[1].spend", Reason.NOT_FINITE),
        ({"impressions": -1}, "impressions", Reason.NEGATIVE),
        ({"clicks": -1}, "clicks", Reason.NEGATIVE),
        ({"spend": "-0.01"}, "spend", Reason.NEGATIVE),
        ({"conversions": -1}, "conversions", Reason.NEGATIVE),
        ({"revenue": "-5"}, "revenue", Reason.NEGATIVE),
        ({"breakdown": [{"clicks": -1}]}, "breakdown[0].clicks", Reason.NEGATIVE),
        ({"current_bid": "-1"}, "current_bid", Reason.NEGATIVE),
        ({"daily_budget": "-1"}, "daily_budget", Reason.NEGATIVE),
        ({"impressions": 10**12 + 1}, "impressions", Reason.OUT_OF_RANGE),
        ({"impressions": 10**40}, "impressions", Reason.OUT_OF_RANGE),
        ({"impressions": -(10**12) - 1, **DELTA}, "impressions", Reason.OUT_OF_RANGE),
        ({"spend": "1000000000000.01"}, "spend", Reason.OUT_OF_RANGE),
        ({"spend": "1e999999"}, "spend", Reason.OUT_OF_RANGE),
        ({"spend": 10**40}, "spend", Reason.OUT_OF_RANGE),
        ({"spend": "-1e13", **DELTA}, "spend", Reason.OUT_OF_RANGE),
        ({"spend": "0.0000000000000000001"}, "spend", Reason.TOO_MANY_DECIMALS),
        ({"spend": "1e-19"}, "spend", Reason.TOO_MANY_DECIMALS),
        ({"conversions": "0.1234567"}, "conversions", Reason.TOO_MANY_DECIMALS),
        ({"window_start": "2026-03-02T08:00:00"}, "window_start", Reason.NAIVE_TIME),
        ({"emitted_at": "2026-03-02T08:00:00"}, "emitted_at", Reason.NAIVE_TIME),
        ({"window_start": "yesterday"}, "window_start", Reason.INVALID_TIME),
        ({"window_start": "2026-02-30T08:00:00Z"}, "window_start", Reason.INVALID_TIME),
        ({"window_start": 1772438400}, "window_start", Reason.WRONG_TYPE),
        ({"window_start": "0001-01-01T00:00:00+05:00"}, "window_start", Reason.OUT_OF_RANGE),
        ({"window_start": "9999-12-31T23:00:00-05:00"}, "window_start", Reason.OUT_OF_RANGE),
        ({"window_start": "2026-03-02T08:01:00Z"}, "window_start", Reason.NOT_ONE_HOUR),
        ({"window_start": "2026-03-02T08:00:01Z"}, "window_start", Reason.NOT_ONE_HOUR),
        ({"window_start": "2026-03-02T08:00:00.000001Z"}, "window_start", Reason.NOT_ONE_HOUR),
        (
            {"window_start": "2026-03-02T08:30:00Z", "account_timezone": "Europe/Berlin"},
            "window_start",
            Reason.NOT_ONE_HOUR,
        ),
        ({"window_end": "2026-03-02T10:00:00Z"}, "window_end", Reason.NOT_ONE_HOUR),
        ({"window_end": "2026-03-02T08:00:00Z"}, "window_end", Reason.NOT_ONE_HOUR),
        ({"window_end": "2026-03-02T08:59:59Z"}, "window_end", Reason.NOT_ONE_HOUR),
        ({"emitted_at": "2026-03-02T07:59:59Z"}, "emitted_at", Reason.EMITTED_BEFORE_WINDOW),
        ({"account_timezone": "Mars/Olympus"}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_timezone": ""}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_timezone": "../etc/passwd"}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_timezone": "Europe"}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_timezone": "localtime"}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"account_timezone": "Z" * 100_000}, "account_timezone", Reason.UNKNOWN_TIMEZONE),
        ({"currency": "EURO"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"currency": "eur"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"currency": "DEM"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"currency": "XAU"}, "currency", Reason.UNKNOWN_CURRENCY),
        ({"record_mode": "delta"}, "event_id", Reason.MISSING),
        ({"record_mode": "sum"}, "record_mode", Reason.INVALID_VALUE),
        ({"learning_status": "asleep"}, "learning_status", Reason.INVALID_VALUE),
        ({"event_id": ""}, "event_id", Reason.INVALID_LENGTH),
        ({"platform": ""}, "platform", Reason.INVALID_NAME),
        ({"platform": "Google"}, "platform", Reason.INVALID_NAME),
        ({"platform": "goo:gle"}, "platform", Reason.INVALID_NAME),
        ({"account_id": "1:2"}, "account_id", Reason.INVALID_NAME),
        ({"account_id": " 1"}, "account_id", Reason.INVALID_NAME),
        ({"campaign_id": "1\n"}, "campaign_id", Reason.INVALID_NAME),
        ({"campaign_id": "a\u0000b"}, "campaign_id", Reason.INVALID_NAME),
        ({"campaign_id": "ü" * 65}, "campaign_id", Reason.INVALID_NAME),
        ({"breakdown": {}}, "breakdown", Reason.WRONG_TYPE),
        ({"breakdown": [3]}, "breakdown[0]", Reason.WRONG_TYPE),
        ({"breakdown": [{"device": "tv"}] * 2}, "breakdown[1]", Reason.DUPLICATE),
        ({"schema_version": 2}, "schema_version", Reason.UNSUPPORTED_VERSION),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_bad_hour_is_refused_with_its_field_and_reason(
    changes: dict[str, object], field: str, reason: Reason
) -> None:
    assert refusal(an_hour(**changes)) == (field, reason)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"{", Reason.NOT_JSON),
        (an_hour() + b"}", Reason.NOT_JSON),
        (an_hour().replace(b"987", b"\xff"), Reason.NOT_JSON),
        (an_hour(note=...)[:-1] + b', "note": ' + b"[" * 100_000, Reason.NOT_JSON),
        (b"[]", Reason.WRONG_TYPE),
        (b"17", Reason.WRONG_TYPE),
        (an_hour(note="x" * 10_000_000), Reason.TOO_LARGE),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_event_at_all_is_refused_as_a_whole(data: bytes, reason: Reason) -> None:
    assert refusal(data) == ("", reason)


@given(
    st.integers(0, 2_000),
    st.sampled_from([(b"[", b"]"), (b'{"a":', b"}")]),
    st.sampled_from([b"1", b"NaN", b"1e400", b'"\xff"', b"nul", b""]),
    st.sampled_from(["note", "spend", "cost_micros", "breakdown"]),
)
def test_nesting_of_any_depth_raises_nothing_but_a_schema_error(
    depth: int, brackets: tuple[bytes, bytes], core: bytes, field: str
) -> None:
    value = brackets[0] * depth + core + brackets[1] * depth
    with suppress(SchemaError):
        decode_metrics(an_hour(**{field: ...})[:-1] + b', "%s": %s}' % (field.encode(), value))


@pytest.mark.parametrize("field", ["spend", "cost_micros", "note"])
@pytest.mark.parametrize("text", [b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_bytes_that_are_no_utf_8_raise_nothing_but_a_schema_error(field: str, text: bytes) -> None:
    for value in (b'"%s"' % text, b'[{"%s": 1}]' % text, b'[{"device": "%s"}]' % text):
        for name in (field, "breakdown"):
            with suppress(SchemaError):
                decode_metrics(an_hour(note=1)[:-1] + b', "%s": %s}' % (name.encode(), value))


def test_a_signalling_nan_in_a_breakdown_is_refused_like_any_other() -> None:
    assert refusal(an_hour(breakdown=[{"device": "a"}, {"device": "b", "spend": "sNaN"}])) == (
        "breakdown[1].spend",
        Reason.NOT_FINITE,
    )


def test_the_largest_counts_and_amounts_are_accepted() -> None:
    event = decode_metrics(an_hour(impressions=10**12, clicks=10**12, spend="1e12")).event

    assert event.spend == 10**12


@given(
    st.dictionaries(
        st.sampled_from(sorted({*HOUR, *ALIASES, "breakdown"})),
        st.none()
        | st.integers()
        | st.floats()
        | st.text()
        | st.lists(st.dictionaries(st.sampled_from(["cost", "spend"]), st.text() | st.floats())),
    )
)
def test_no_value_anywhere_raises_anything_but_a_schema_error(changes: dict[str, object]) -> None:
    with suppress(SchemaError):
        event = decode_metrics(an_hour(**changes)).event
        assert decode_metrics(encode(event)).event == event


# ---------------------------------------------------------------- aliases


@pytest.mark.parametrize(
    ("alias", "given_value", "field", "value"),
    [
        ("cost", "12.5", "spend", Decimal("12.5")),
        ("cost", 12.5, "spend", Decimal("12.5")),
        ("cost_micros", 177086600, "spend", Decimal("177.0866")),
        ("cost_micros", "1", "spend", Decimal("0.000001")),
        ("cost_micros", 10**18, "spend", Decimal(10**12)),
        ("conversion_value", "7", "revenue", Decimal(7)),
        ("conversion_values", "7", "revenue", Decimal(7)),
        ("conversions_value", 7.25, "revenue", Decimal("7.25")),
        ("idempotency_id", "abc", "event_id", "abc"),
        ("advertiser_id", "ENTITY1", "account_id", "ENTITY1"),
        (
            "time_window_start",
            "2026-03-02T09:00:00Z",
            "window_start",
            datetime(2026, 3, 2, 9, tzinfo=UTC),
        ),
    ],
)
def test_an_alias_stands_for_its_field(
    alias: str, given_value: object, field: str, value: object
) -> None:
    decoded = decode_metrics(an_hour(**{field: ..., alias: given_value}))

    assert getattr(decoded.event, field) == value
    assert decoded.unknown_fields == ()


def test_aliases_work_inside_breakdown_rows() -> None:
    rows = [{"device": "tv", "cost_micros": 1_500_000, "conversions_value": "3"}]

    (row,) = decode_metrics(an_hour(breakdown=rows)).event.breakdown

    assert (row.spend, row.revenue) == (Decimal("1.5"), Decimal(3))


def test_a_field_and_its_alias_may_say_the_same_in_different_words() -> None:
    said = {"cost": 177.0866, "cost_micros": "177086600", "account_id": "1", "advertiser_id": "1"}
    times = {"time_window_start": "2026-03-02T09:00:00+01:00"}

    assert decode_metrics(an_hour(**said, **times)).event.spend == Decimal("177.0866")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cost": "177.09"}, "cost"),
        ({"cost_micros": 177086601}, "cost_micros"),
        ({"spend": ..., "cost": "1", "cost_micros": 2}, "cost_micros"),
        ({"revenue": "1", "conversion_value": "2"}, "conversion_value"),
        ({"time_window_start": "2026-03-02T09:00:00Z"}, "time_window_start"),
        ({"advertiser_id": "another"}, "advertiser_id"),
        ({"event_id": "a", "idempotency_id": "b"}, "idempotency_id"),
        ({"cost": None}, "cost"),
        ({"cost": "NaN"}, "cost"),
        ({"breakdown": [{"spend": "1", "cost": "2"}]}, "breakdown[0].cost"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_field_and_its_alias_must_not_contradict_each_other(
    changes: dict[str, object], field: str
) -> None:
    assert refusal(an_hour(**changes)) == (field, Reason.CONTRADICTION)


@pytest.mark.parametrize(
    ("micros", "reason"),
    [
        ("NaN", Reason.NOT_FINITE),
        ("1e999999", Reason.OUT_OF_RANGE),
        (10**18 + 1, Reason.OUT_OF_RANGE),
        ("1e-13", Reason.TOO_MANY_DECIMALS),
        ("many", Reason.WRONG_TYPE),
        (None, Reason.WRONG_TYPE),
    ],
)
def test_bad_millionths_are_refused_under_their_own_name(micros: object, reason: Reason) -> None:
    assert refusal(an_hour(spend=..., cost_micros=micros)) == ("cost_micros", reason)


def test_every_alias_names_a_field_that_exists() -> None:
    assert set(ALIASES.values()) <= set(MetricsEvent.__struct_fields__)
    assert not set(ALIASES) & set(MetricsEvent.__struct_fields__)


# ---------------------------------------------------------------- speed


def test_reading_an_event_costs_little_beside_parsing_it() -> None:
    data = an_hour(conversions="3", revenue="210.5", currency="EUR", account_timezone="Asia/Tokyo")
    parse = msgspec.json.Decoder(dict).decode

    def seconds(work: object) -> float:
        best = float("inf")
        for _ in range(30):
            start = process_time()
            for _ in range(300):
                work(data)  # type: ignore[operator]
            best = min(best, process_time() - start)
        return best

    assert seconds(decode_metrics) < 20 * seconds(parse)
