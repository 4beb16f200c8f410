"""A field that is given twice: refused where a person wrote it, else the last one counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas import Decision, FxRate, Group, Plan, Reason, SchemaError, decode, decode_metrics
from tests.schemas.golden import FILES, record_type, stored

PLAN = (
    b'{"platform":"google","account_id":"1","campaign_id":"2","version":1,"currency":"EUR",'
    b'"timezone":"UTC","budget":{"amount":"100","period":"day"},'
    b'"calendar":[{"name":"a","start":"2026-03-20T00:00:00Z","end":"2026-03-21T00:00:00Z"},'
    b'{"name":"b","start":"2026-03-22T00:00:00Z","end":"2026-03-23T00:00:00Z"}]}'
)


@pytest.mark.parametrize(
    ("once", "twice", "field"),
    [
        (b'"version":1', b'"version":1,"version":2', "version"),
        (b'"version":1', b'"version":1,"version" : 1', "version"),
        (b'"version":1', b'"version":1,"\\u0076ersion":2', "version"),
        (b'"amount":"100"', b'"amount":"100","amount":"900000"', "budget.amount"),
        (b'"amount":"100"', b'"amount":1e9,"amount":1', "budget.amount"),
        (b'"name":"b"', b'"name":"b","name":"c"', "calendar[1].name"),
    ],
)
def test_a_field_of_a_plan_that_is_given_twice_is_refused_by_its_path(
    once: bytes, twice: bytes, field: str
) -> None:
    decode(PLAN, Plan)

    with pytest.raises(SchemaError) as refused:
        decode(PLAN.replace(once, twice), Plan)

    assert (refused.value.field, refused.value.reason) == (field, Reason.CONTRADICTION)
    assert refused.value.detail == "is given twice"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_plans_groups_and_decisions_are_refused_and_of_all_others_the_last_one_counts(
    file: Path,
) -> None:
    kind, data = record_type(file), file.read_bytes()
    name, value = list(json.loads(data).items())[-1]
    member = json.dumps({name: value}).encode()[1:]
    again = data.rstrip()[:-1] + b"," + member

    if kind in (Plan, Group, FxRate, Decision):
        with pytest.raises(SchemaError) as refused:
            decode(again, kind)
        assert (refused.value.field, refused.value.reason) == (name, Reason.CONTRADICTION)
    else:
        assert decode(again, kind) == decode(data, kind)


def test_the_last_one_counts_on_metrics() -> None:
    event = stored("metrics.v1-least").rstrip()
    again = event[:-1] + b',"clicks":7}'

    assert b'"clicks":' in event
    assert decode_metrics(again).event.clicks == 7
