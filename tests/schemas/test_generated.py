"""The checked-in documents follow from the types, and fit what is on the wire."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from schemas.generate import GENERATED, documents, write
from schemas.json_schema import DIALECT
from schemas.topics import TOPICS
from tests.schemas.golden import FILES

SCHEMAS = {topic.name: f"{topic.name}.schema.json" for topic in TOPICS}


def checked_in(name: str) -> dict[str, object]:
    parsed: dict[str, object] = json.loads((GENERATED / name).read_bytes())
    return parsed


def validator(topic: str) -> Draft202012Validator:
    return Draft202012Validator(
        checked_in(SCHEMAS[topic]), format_checker=Draft202012Validator.FORMAT_CHECKER
    )


def test_the_checked_in_documents_are_what_the_types_generate() -> None:
    stored = {path.name: path.read_bytes() for path in GENERATED.iterdir()}

    assert stored.keys() == documents().keys()
    changed = [name for name, content in documents().items() if stored[name] != content]
    assert changed == [], "run: python -m schemas.generate"


@pytest.mark.parametrize("name", SCHEMAS.values())
def test_each_schema_is_a_valid_json_schema_of_2020_12(name: str) -> None:
    schema = checked_in(name)

    assert schema["$schema"] == DIALECT
    assert validator_for(schema) is Draft202012Validator
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_stored_records_fit_their_schema(file: Path) -> None:
    topic = file.stem.split("-", 1)[0]

    assert list(validator(topic).iter_errors(json.loads(file.read_bytes()))) == []


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        ("metrics.v1", {"impressions": "many"}),
        ("metrics.v1", {"impressions": 10**13}),
        ("metrics.v1", {"spend": "NaN"}),
        ("metrics.v1", {"spend": "1,5"}),
        ("metrics.v1", {"spend": True}),
        ("metrics.v1", {"currency": "eur"}),
        ("metrics.v1", {"record_mode": "sum"}),
        ("metrics.v1", {"schema_version": 2}),
        ("plans.v1", {"colour": "red"}),
        ("plans.v1", {"budget": {"amount": 1}}),
        ("plans.v1", {"min_confidence": 2}),
        ("decisions.v1", {"colour": "red"}),
    ],
    ids=str,
)
def test_what_types_refuse_the_schema_refuses(topic: str, changes: dict[str, object]) -> None:
    file = next(file for file in FILES if file.stem.startswith(topic))
    value = json.loads(file.read_bytes())

    assert validator(topic).is_valid(value)
    assert not validator(topic).is_valid({**value, **changes})


def test_amounts_may_be_numbers_or_strings_of_up_to_18_decimals() -> None:
    value = json.loads((FILES[0].parent / "metrics.v1-snapshot.json").read_bytes())

    for spend in (0, 1.5, "1.5", "-2", "1e3", "0." + "1" * 18):
        assert validator("metrics.v1").is_valid({**value, "spend": spend})
    assert not validator("metrics.v1").is_valid({**value, "spend": "0." + "1" * 19})


def test_every_field_says_what_it_is_or_has_a_telling_name() -> None:
    amounts = checked_in("metrics.v1.schema.json")["properties"]

    assert isinstance(amounts, dict)
    assert amounts["spend"]["x-aliases"] == ["cost", "cost_micros"]
    assert "currency" in amounts["spend"]["description"]


def test_every_reference_in_asyncapi_leads_somewhere() -> None:
    document = checked_in("asyncapi.json")
    references = list(_references(document))

    assert len(references) > 60
    for reference in references:
        part: object = document
        for name in reference.removeprefix("#/").split("/"):
            assert isinstance(part, dict)
            part = part[name]


def test_asyncapi_names_every_topic_with_its_key_and_its_kafka_settings() -> None:
    document = json.loads(documents("acme")["asyncapi.json"])
    by_address = {channel["address"]: channel for channel in document["channels"].values()}

    assert document["asyncapi"] == "3.0.0"
    for topic in TOPICS:
        binding = by_address[topic.full_name("acme")]["bindings"]["kafka"]
        message = document["components"]["messages"][topic.record.__name__]
        assert binding["topicConfiguration"]["cleanup.policy"] == [topic.cleanup]
        assert message["bindings"]["kafka"]["key"]["description"] == topic.key
        assert (topic.dlq("acme") in by_address) is topic.dead_letters


def test_asyncapi_has_an_operation_for_every_worker_that_reads_or_writes() -> None:
    operations = checked_in("asyncapi.json")["operations"]

    assert isinstance(operations, dict)
    assert operations["optimizerReceivesMetrics"]["action"] == "receive"
    assert operations["executorSendsAudit"]["action"] == "send"


def test_schemas_inside_asyncapi_accept_the_stored_records() -> None:
    components = checked_in("asyncapi.json")["components"]
    assert isinstance(components, dict)
    by_topic = {topic.name: topic.record.__name__ for topic in TOPICS}
    for file in FILES:
        name = by_topic[file.stem.split("-", 1)[0]]
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        Draft202012Validator(schema).validate(json.loads(file.read_bytes()))


def test_writing_touches_only_what_differs(tmp_path: Path) -> None:
    first = write(tmp_path)
    (tmp_path / "asyncapi.json").write_text("{}")

    assert {path.name for path in first} == documents().keys()
    assert write(tmp_path) == (tmp_path / "asyncapi.json",)
    assert write(tmp_path) == ()


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [found for part in value for found in _references(part)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [found for part in value.values() for found in _references(part)]
