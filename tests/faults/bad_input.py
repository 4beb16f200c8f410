"""What publishers get wrong, as records, and where each of them must end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import topics
from schemas.keys import campaign_key
from schemas.topic import Topic
from workers.partitioner import partition_of

PARTITIONS = 4
START = (datetime.now(UTC) - timedelta(days=1)).replace(hour=6, minute=0, second=0, microsecond=0)
GOOD = tuple(f"good-{number}" for number in range(4))
HOURS = 3
"""Hours of the good campaigns, from `START` on."""

SPEND = 4
ODD = "odd-header"
COMPRESSIONS = ("gzip", "snappy", "lz4", "zstd")
_TEN_MEBIBYTES = 10 << 20


def time(hours: float) -> str:
    """Return so many hours after `START` as records write it."""
    return f"{START + timedelta(hours=hours):%Y-%m-%dT%H:%M:%SZ}"


def key_of(campaign: str) -> bytes:
    return campaign_key("google", "1", campaign)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One record as a publisher sends it."""

    topic: Topic
    value: bytes | None
    key: bytes | None
    at: float
    """Its timestamp, in hours after `START`."""
    partition: int | None = None
    case: str = ""
    """Name of the mistake, sent along as a header."""
    odd_header: bool = False
    """Whether another header has a name that is no text."""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One record that must become one dead letter."""

    sent: Sent
    reason: str
    field: str = ""


def a_plan(campaign: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    plan = {
        **_names(campaign),
        "version": 1,
        "currency": "EUR",
        "timezone": "UTC",
        "budget": {"amount": "240", "period": "day"},
        "strategy": "even",
        "autonomy": "auto",
        "min_confidence": 0,
        "guardrails": {"max_change_pct": 1000, "cooldown_minutes": 0, "max_changes_per_day": 100},
    }
    return plan | fields


def an_hour(campaign: str, hour: float = 0, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 -- JSON
    counts = {"impressions": 1000, "clicks": 20, "spend": SPEND}
    return {**_names(campaign), "window_start": time(hour), **counts, **fields}


def plan(campaign: str, *, case: str = "", **fields: Any) -> Sent:  # noqa: ANN401 -- JSON
    value = _json(a_plan(campaign, **fields))
    return Sent(topic=topics.PLANS, value=value, key=key_of(campaign), at=0, case=case)


def plans() -> Iterator[Sent]:
    """Return the plans that are in force when the first hours come."""
    for name in (*GOOD, "twice", "reordered", "two-currencies", "deleted"):
        yield plan(name)
    yield plan(GOOD[1], version=2)
    yield plan("overspent", budget={"amount": "1", "period": "day"})


def hour(campaign: str, number: float = 0, *, case: str = "", **fields: Any) -> Sent:  # noqa: ANN401 -- JSON
    """Return an hour, told five minutes after it was over."""
    value = _json(an_hour(campaign, number, **fields))
    at = number + 65 / 60
    return Sent(topic=topics.METRICS, value=value, key=key_of(campaign), at=at, case=case)


def bad_hours() -> Iterator[Mistake]:
    """Hours that cannot be counted; those of ``good-0`` follow its first hour."""
    yield _hour("not JSON", b'{"platform": "google"', "not_json")
    yield _hour("bytes that are no text", b'{"platform": "\xff\xfe"}', "not_json")
    yield _hour("nested without end", b'{"platform": ' + b"[" * 100_000, "not_json")
    yield _hour(
        "deeply nested NaN", b'{"x": ' + b"[" * 700 + b"NaN" + b"]" * 700 + b"}", "not_json"
    )
    yield _hour("wrong type", {"clicks": "many"}, "wrong_type", "clicks")
    for spend in (float("nan"), float("inf"), "NaN", "-Infinity"):
        yield _hour(f"spend {spend!r}", {"spend": spend}, "not_finite", "spend")
    yield _hour(
        "signalling NaN", {"breakdown": [{"spend": "sNaN"}]}, "not_finite", "breakdown[0].spend"
    )
    yield _hour("negative count", {"clicks": -1}, "negative", "clicks")
    yield _hour("huge integer", {"impressions": 10**40}, "out_of_range", "impressions")
    yield _hour("empty value", b"", "empty")
    yield _hour("no value", None, "empty")
    yield _hour("contradictory key", {"campaign_id": "other"}, "key_mismatch", "key")
    yield _hour("naive time", {"window_start": "2026-03-02T08:00:00"}, "naive_time", "window_start")
    yield _hour(
        "unknown zone", {"account_timezone": "Mars/X"}, "unknown_timezone", "account_timezone"
    )
    yield _hour("two hours", {"window_end": time(2)}, "not_one_hour", "window_end")
    yield _hour("no whole hour", {"window_start": time(0.1)}, "not_one_hour", "window_start")
    yield _hour("future", {"window_start": time(5)}, "in_the_future", "window_start")
    yield _hour("unknown currency", {"currency": "XXX"}, "unknown_currency", "currency")
    late = hour(GOOD[0], -24 * 40, case="forty days old")
    yield Mistake(sent=late, reason="too_old", field="window_start")
    changed = hour("two-currencies", 1, case="other currency", currency="USD")
    yield Mistake(sent=changed, reason="currency_mismatch", field="currency")


def bad_plans() -> Iterator[Mistake]:
    unknown = plan("unread", case="unknown field", colour="red")
    yield Mistake(sent=unknown, reason="unknown_field", field="colour")
    older = plan(GOOD[1], case="version backwards", version=1, strategy="dayparting")
    yield Mistake(sent=older, reason="old_version", field="version")
    other = plan(GOOD[1], case="version twice", version=2, strategy="dayparting")
    yield Mistake(sent=other, reason="same_version", field="version")


def too_large() -> Mistake:
    """Return a record that Kafka takes only where its topic was told to."""
    return _hour("ten MiB", b"x" * _TEN_MEBIBYTES, "too_large")


def accepted() -> Iterator[Sent]:
    """Hours that are odd and count all the same; each is a campaign's only one, or its first."""
    yield hour("suspect", clicks=5_000)
    yield from (hour("twice"), hour("twice"))
    yield from (hour("reordered", 1), hour("reordered", 0))
    yield hour("two-currencies", currency="EUR")
    yield hour("overspent")
    yield hour("deleted")
    keyed = hour("no-key")
    yield Sent(
        topic=keyed.topic, value=keyed.value, key=None, at=keyed.at, partition=_far("no-key")
    )
    strayed, far = hour("wrong-partition"), _far("wrong-partition")
    yield Sent(
        topic=strayed.topic, value=strayed.value, key=strayed.key, at=strayed.at, partition=far
    )


def compressed() -> Iterator[tuple[str, Sent]]:
    """Hours by the compressions that Kafka has, each of the campaign of that name."""
    for compression in COMPRESSIONS:
        yield compression, hour(compression)


def oddly_named() -> Sent:
    """Return the only hour of its campaign, with a header whose name is no text."""
    sent = hour(ODD)
    return replace(sent, odd_header=True, partition=partition_of(key_of(ODD), PARTITIONS))


def oddly_named_mistake() -> Mistake:
    """Return an hour that is no JSON either."""
    mistake = _hour("odd header name", b"{", "not_json")
    home = partition_of(key_of("bad"), PARTITIONS)
    return replace(mistake, sent=replace(mistake.sent, odd_header=True, partition=home))


def orders() -> Iterator[Sent]:
    """A decision on what nobody knows, and an action that comes too late."""
    decided = {
        "verb": "approve",
        "recommendation_id": "0" * 32,
        "by": "maria",
        "decided_at": time(1),
    }
    yield _order(topics.DECISIONS, "nobody-knows", decided)
    released = {
        "action_id": "1" * 32,
        "entity_id": "too-late",
        "field": "hourly_budget",
        "target": "5",
        "unit": "currency",
        "currency": "EUR",
        "released_by": "person",
        "actor": "maria",
        "released_at": time(0),
        "valid_from": time(0),
        "expires_at": time(1),
    }
    yield _order(topics.ACTIONS, "too-late", released)


def ticks(at: float) -> Iterator[Sent]:
    """Tell each partition that it is ``at`` hours after `START`."""
    for number in range(PARTITIONS):
        value = _json({"partition": number, "time": time(at)})
        key = str(number).encode()
        yield Sent(topic=topics.TICKS, value=value, key=key, at=at, partition=number)


def _hour(case: str, value: dict[str, Any] | bytes | None, reason: str, field: str = "") -> Mistake:
    """Return an hour of the campaign ``bad``, as it is or with some fields wrong."""
    data = _json(an_hour("bad") | value) if isinstance(value, dict) else value
    sent = Sent(topic=topics.METRICS, value=data, key=key_of("bad"), at=65 / 60, case=case)
    return Mistake(sent=sent, reason=reason, field=field)


def _order(topic: Topic, campaign: str, fields: dict[str, Any]) -> Sent:
    value = _json(_names(campaign) | fields)
    return Sent(topic=topic, value=value, key=key_of(campaign), at=2)


def _far(campaign: str) -> int:
    """Return a partition that is not the campaign's."""
    return (partition_of(key_of(campaign), PARTITIONS) + 1) % PARTITIONS


def _names(campaign: str) -> dict[str, Any]:
    return {"platform": "google", "account_id": "1", "campaign_id": campaign}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()
