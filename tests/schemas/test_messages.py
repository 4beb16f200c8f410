"""Rules of the records that workers and people send each other."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import msgspec
import pytest

from schemas import (
    GENESIS,
    AuditEntry,
    Condition,
    Decision,
    Prior,
    Reason,
    SchemaError,
    Verb,
    decode,
    encode,
    hash_of,
    seal,
)
from tests.schemas.golden import record_type, stored


@pytest.mark.parametrize(
    ("name", "changes", "field", "reason"),
    [
        ("recommendations.v1-hold", {"hold_reason": ...}, "hold_reason", Reason.MISSING),
        ("recommendations.v1-hold", {"hold_reason": "mood"}, "hold_reason", Reason.INVALID_VALUE),
        ("recommendations.v1-hold", {"platform": "A"}, "platform", Reason.INVALID_NAME),
        ("recommendations.v1-bid", {"hold_reason": "no_plan"}, "hold_reason", Reason.CONTRADICTION),
        ("recommendations.v1-bid", {"field": ...}, "field", Reason.MISSING),
        ("recommendations.v1-bid", {"unit": ...}, "unit", Reason.MISSING),
        (
            "recommendations.v1-bid",
            {"recommended_value": ...},
            "recommended_value",
            Reason.MISSING,
        ),
        (
            "recommendations.v1-bid",
            {"expires_at": "2026-03-02T09:00:00Z"},
            "expires_at",
            Reason.CONTRADICTION,
        ),
        (
            "recommendations.v1-bid",
            {"recommendation_id": "C20"},
            "recommendation_id",
            Reason.INVALID_VALUE,
        ),
        ("recommendations.v1-bid", {"confidence": 1.01}, "confidence", Reason.OUT_OF_RANGE),
        (
            "recommendations.v1-bid",
            {"recommended_value": "1e13"},
            "recommended_value",
            Reason.OUT_OF_RANGE,
        ),
        (
            "recommendations.v1-bid",
            {"current_value": "-1e13"},
            "current_value",
            Reason.OUT_OF_RANGE,
        ),
        (
            "recommendations.v1-bid",
            {"day_budget": "1e13"},
            "day_budget",
            Reason.OUT_OF_RANGE,
        ),
        ("recommendations.v1-bid", {"plan_version": 2**70}, "plan_version", Reason.OUT_OF_RANGE),
        (
            "recommendations.v1-bid",
            {"prior_version": 2**53 + 1},
            "prior_version",
            Reason.OUT_OF_RANGE,
        ),
        (
            "actions.v1-full",
            {"expires_at": "2026-03-02T09:00:00Z"},
            "expires_at",
            Reason.CONTRADICTION,
        ),
        ("actions.v1-full", {"target": "inf"}, "target", Reason.NOT_FINITE),
        ("actions.v1-full", {"released_by": "nobody"}, "released_by", Reason.INVALID_VALUE),
        ("decisions.v1-approve", {"recommendation_id": ...}, "recommendation_id", Reason.MISSING),
        ("decisions.v1-approve", {"until": "2026-03-02T09:00:00Z"}, "until", Reason.CONTRADICTION),
        ("decisions.v1-approve", {"mood": "good"}, "mood", Reason.UNKNOWN_FIELD),
        ("decisions.v1-approve", {"by": ""}, "by", Reason.INVALID_LENGTH),
        ("decisions.v1-roll-back", {"action_id": ...}, "action_id", Reason.MISSING),
        ("decisions.v1-roll-back", {"through": "e1"}, "through", Reason.INVALID_VALUE),
        ("decisions.v1-exclude-window", {"window_end": ...}, "window_end", Reason.MISSING),
        ("decisions.v1-approve", {"through": "0" * 32}, "through", Reason.CONTRADICTION),
        (
            "decisions.v1-exclude-window",
            {"window_end": "2026-03-02T03:00:00Z"},
            "window_end",
            Reason.CONTRADICTION,
        ),
        ("decisions.v1-freeze", {"verb": "sleep"}, "verb", Reason.INVALID_VALUE),
        ("conditions.v1-freeze", {"campaign_id": ...}, "campaign_id", Reason.MISSING),
        ("conditions.v1-freeze", {"account_id": "1:2"}, "account_id", Reason.INVALID_NAME),
        ("conditions.v1-freeze", {"scope": "account"}, "campaign_id", Reason.CONTRADICTION),
        ("conditions.v1-freeze", {"until": "2026-03-08T10:00:00Z"}, "until", Reason.CONTRADICTION),
        ("experiments.v1-account", {"platform": ...}, "platform", Reason.MISSING),
        (
            "experiments.v1-account",
            {"treatment": {"learning_share": 0.02}},
            "treatment",
            Reason.CONTRADICTION,
        ),
        (
            "experiments.v1-account",
            {"treatment": {"autonomy": "auto"}},
            "treatment.autonomy",
            Reason.UNKNOWN_FIELD,
        ),
        (
            "experiments.v1-account",
            {"treatment": {"daily_cap": "9"}},
            "treatment.daily_cap",
            Reason.UNKNOWN_FIELD,
        ),
        (
            "experiments.v1-account",
            {"treatment": {"target_cpa": "9", "target_roas": 2.0}},
            "treatment.target_roas",
            Reason.CONTRADICTION,
        ),
        ("experiments.v1-account", {"end": "2026-03-01"}, "end", Reason.CONTRADICTION),
        ("experiments.v1-account", {"campaigns": ["g:1:2"]}, "platform", Reason.CONTRADICTION),
        ("experiments.v1-account", {"experiment_id": "A b"}, "experiment_id", Reason.INVALID_VALUE),
        ("experiments.v1-stopped", {"campaigns": ...}, "platform", Reason.MISSING),
        ("experiments.v1-stopped", {"campaigns": ["google:1"]}, "campaigns[0]", Reason.INVALID_KEY),
        ("experiments.v1-stopped", {"campaigns": ["g:1:2"] * 2}, "campaigns", Reason.DUPLICATE),
        ("experiments.v1-stopped", {"stopped_at": ...}, "stopped_at", Reason.MISSING),
        ("experiments.v1-stopped", {"status": "running"}, "stopped_at", Reason.CONTRADICTION),
        ("experiments.v1-halves", {"pairs": ...}, "pairs", Reason.MISSING),
        ("experiments.v1-halves", {"campaigns": ["g:1:2"]}, "campaigns", Reason.CONTRADICTION),
        ("experiments.v1-halves", {"design": "switchback"}, "pairs", Reason.CONTRADICTION),
        (
            "experiments.v1-halves",
            {"pairs": [{"control": "g:1:2", "treatment": "g:1:2"}]},
            "pairs[0].treatment",
            Reason.CONTRADICTION,
        ),
        ("priors.v1-account", {"account_id": ...}, "account_id", Reason.MISSING),
        ("priors.v1-account", {"level": "platform"}, "account_id", Reason.CONTRADICTION),
        ("priors.v1-account", {"weights": [1.0] * 167}, "weights", Reason.INVALID_LENGTH),
        ("shapes.v1-short-day", {"weekday": 0}, "weekday", Reason.CONTRADICTION),
        ("shapes.v1-short-day", {"clicks": [0] * 24}, "clicks", Reason.CONTRADICTION),
        ("shapes.v1-short-day", {"observed": [True] * 22}, "observed", Reason.INVALID_LENGTH),
        ("shapes.v1-paced", {"log_multiplier": [0.0] * 24}, "log_multiplier", Reason.CONTRADICTION),
        ("shapes.v1-paced", {"capped": [False] * 25}, "capped", Reason.CONTRADICTION),
        (
            "shapes.v1-paced",
            {"log_multiplier": [21.0] * 23},
            "log_multiplier[0]",
            Reason.OUT_OF_RANGE,
        ),
        ("shapes.v1-paced", {"week_levels": [1.0] * 6}, "week_levels", Reason.INVALID_LENGTH),
        ("portfolio.v1-full", {"last_day": "2026-02-28"}, "last_day", Reason.CONTRADICTION),
        ("portfolio.v1-full", {"spend": "-1"}, "spend", Reason.NEGATIVE),
        ("audit.v1-full", {"status": "done"}, "status", Reason.INVALID_VALUE),
        ("audit.v1-full", {"hash": "abc"}, "hash", Reason.INVALID_VALUE),
        ("ticks.v1", {"partition": -1}, "partition", Reason.OUT_OF_RANGE),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_message_that_makes_no_sense_is_refused_with_its_field_and_reason(
    name: str, changes: dict[str, object], field: str, reason: Reason
) -> None:
    value = {**json.loads(stored(name)), **changes}
    data = json.dumps({key: part for key, part in value.items() if part is not ...}).encode()

    with pytest.raises(SchemaError) as refusal:
        decode(data, record_type(Path(name + ".json")))

    assert (refusal.value.field, refusal.value.reason) == (field, reason)


@pytest.mark.parametrize(
    ("mean", "reason"),
    [
        (b64encode(b"\0\0\xc0\x7f" * 168).decode(), Reason.NOT_FINITE),
        (b64encode(b"\0" * 4 * 167).decode(), Reason.INVALID_LENGTH),
        ("?", Reason.INVALID_VALUE),
        (5, Reason.WRONG_TYPE),
    ],
)
def test_a_table_that_cannot_be_one_is_refused_by_its_name(mean: object, reason: Reason) -> None:
    value = json.loads(stored("priors.v1-spend"))
    value["spend"]["mean"] = mean

    with pytest.raises(SchemaError) as refusal:
        decode(json.dumps(value).encode(), Prior)

    assert (refusal.value.field, refusal.value.reason) == ("spend.mean", reason)


@pytest.mark.parametrize("verb", list(Verb))
def test_every_verb_has_its_own_requirements(verb: Verb) -> None:
    needs = {
        "approve": {"recommendation_id": "0" * 32},
        "reject": {"recommendation_id": "0" * 32},
        "roll_back": {"action_id": "0" * 32},
        "freeze": {},
        "unfreeze": {},
        "exclude_window": {
            "window_start": "2026-03-02T03:00:00Z",
            "window_end": "2026-03-02T04:00:00Z",
        },
        "reject_outage": {},
        "pause": {},
        "resume": {},
    }[verb]
    plain = {"platform": "x", "account_id": "1", "campaign_id": "1", "by": "me", "verb": verb}
    plain["decided_at"] = "2026-03-02T09:00:00Z"

    assert decode(json.dumps({**plain, **needs}).encode(), Decision).verb is verb
    for name in needs:
        fewer = {key: value for key, value in needs.items() if key != name}
        with pytest.raises(SchemaError) as refusal:
            decode(json.dumps({**plain, **fewer}).encode(), Decision)
        assert (refusal.value.field, refusal.value.reason) == (name, Reason.MISSING)


def test_conditions_of_different_kind_or_scope_do_not_replace_each_other() -> None:
    freeze = json.loads(stored("conditions.v1-freeze"))
    scopes = {
        "campaign": (),
        "account": ("campaign_id",),
        "platform": ("account_id", "campaign_id"),
    }
    keys = {
        decode(
            json.dumps(
                {**{k: v for k, v in freeze.items() if k not in gone}, "scope": scope, "kind": kind}
            ).encode(),
            Condition,
        ).key
        for scope, gone in scopes.items()
        for kind in ("freeze", "outage")
    }

    assert len(keys) == 6


def test_sealed_entries_form_a_chain_that_changes_break() -> None:
    entry = decode(stored("audit.v1-full"), AuditEntry)

    first = seal(entry, partition=3, sequence=0, previous_hash=GENESIS)
    second = seal(entry, partition=3, sequence=1, previous_hash=first.hash)

    assert (first.sequence, second.sequence) == (0, 1)
    assert second.previous_hash == first.hash == hash_of(encode(first))
    assert second.hash == hash_of(encode(second)) != first.hash
    edited = encode(second).replace(b'"after":"65"', b'"after":"64"')
    assert hash_of(edited) != second.hash
    swapped = encode(second).replace(b'"sequence":1', b'"sequence":0')
    assert hash_of(swapped) != second.hash


def test_sealing_twice_gives_the_same_link() -> None:
    entry = decode(stored("audit.v1-full"), AuditEntry)
    once = seal(entry, partition=1, sequence=7, previous_hash=GENESIS)

    assert seal(once, partition=1, sequence=7, previous_hash=GENESIS) == once


def test_audit_entries_hold_no_floats_which_languages_write_differently() -> None:
    fields = msgspec.structs.fields(AuditEntry)

    assert [field.name for field in fields if "float" in str(field.type)] == []


def test_a_field_that_a_later_release_adds_counts_in_the_hash() -> None:
    data = stored("audit.v1-full").strip()[:-1]

    assert hash_of(data + b',"weather":"rain"}') != hash_of(data + b',"weather":"sun"}')
