"""The page for users is complete, and its examples work."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from schemas import (
    ALIASES,
    GENESIS,
    AuditEntry,
    AuditStatus,
    Condition,
    Decision,
    Prior,
    Reason,
    Verb,
    decode,
    decode_metrics,
    hash_of,
    seal,
)
from schemas.headers import DEAD_LETTER, HEALED
from schemas.topic import FOREVER, Cleanup, Topic
from schemas.topics import TOPICS
from tests.schemas.golden import RECORDS, stored
from workers.spend_days import read

PAGE = (Path(__file__).parents[2] / "docs" / "records.md").read_text()
SECTIONS = dict(re.findall(r"^### (\S+\.v1)\n(.*?)(?=^##)", PAGE, re.MULTILINE | re.DOTALL))
COMMAND = re.MULTILINE | re.DOTALL
EXAMPLES = [
    (topic, example)
    for topic, section in SECTIONS.items()
    for example in re.findall(r"```json\n(.*?)```", section, re.DOTALL)
]


@pytest.mark.parametrize(("topic", "example"), EXAMPLES, ids=lambda value: value[:20])
def test_every_example_is_a_record_of_its_topic(topic: str, example: str) -> None:
    if topic == "metrics.v1":
        assert decode_metrics(example.encode()).unknown_fields == ()
    else:
        decode(example.encode(), RECORDS[topic])


def test_every_command_publishes_a_record_of_its_topic_with_its_key() -> None:
    commands = re.findall(r"^echo '(.*?)' \| tr -d '\\n' \|\n(kcat -P.*?)^```", PAGE, COMMAND)

    assert len(commands) == len(re.findall("kcat -P", PAGE)) == 2
    for text, kcat in commands:
        value = re.sub(r"'\$\(date [^)]*\)'", "2026-03-02T09:06:00Z", text).replace("\n", "")
        (topic,) = re.findall(r"-t pacekeeper\.(\S+)", kcat)
        (key,) = re.findall(r"-k '?([^\s']+)", kcat)
        record = decode(value.encode(), RECORDS[topic])
        assert isinstance(record, Decision | Condition)
        assert record.key == key.encode()
        assert ("partitioner=murmur2_random" in kcat) == (topic != "conditions.v1")


def test_every_topic_has_its_section_and_nearly_every_one_an_example() -> None:
    assert SECTIONS.keys() == RECORDS.keys()
    assert {topic for topic, _ in EXAMPLES} == RECORDS.keys() - {"priors.v1"}


def test_the_full_example_of_an_hour_shows_every_field() -> None:
    full = next(
        json.loads(text)
        for topic, text in EXAMPLES
        if topic == "metrics.v1" and "breakdown" in text
    )

    assert set(full) == set(RECORDS["metrics.v1"].__struct_fields__)


def test_the_table_of_topics_says_what_the_catalogue_says() -> None:
    rows = dict(re.findall(r"^\| `(\S+\.v1)` \|(.*)\|$", PAGE, re.MULTILINE))

    assert rows.keys() == RECORDS.keys()
    for topic in TOPICS:
        *_, writers, readers, kept = (cell.strip() for cell in rows[topic.name].split("|"))
        assert kept == _kept(topic)
        assert _workers(writers) == _workers(", ".join(topic.writers))
        assert _workers(readers) == _workers(", ".join(topic.readers))


def test_every_alias_header_reason_status_and_verb_is_explained() -> None:
    for word in (*ALIASES, *ALIASES.values(), *DEAD_LETTER, HEALED, *Reason, *AuditStatus, *Verb):
        assert f"`{word}`" in PAGE, word


def test_every_generated_document_is_linked() -> None:
    links = re.findall(r"\]\(\.\./(schemas/generated/\S+?)\)", PAGE)

    assert {*links} == {
        str(path.relative_to(Path(__file__).parents[2]))
        for path in (Path(__file__).parents[2] / "schemas" / "generated").iterdir()
    }


def test_the_published_way_to_check_the_chain_agrees_with_the_seal() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", SECTIONS["audit.v1"], re.DOTALL)
    published: dict[str, object] = {}
    exec(program, published)  # noqa: S102
    check = published["hash_of"]
    assert callable(check)

    example = next(text for topic, text in EXAMPLES if topic == "audit.v1")
    entry = decode(stored("audit.v1-full"), AuditEntry)
    sealed = seal(entry, partition=0, sequence=0, previous_hash=GENESIS)

    assert check(json.loads(example)) == json.loads(example)["hash"] == hash_of(example.encode())
    assert check(json.loads(stored("audit.v1-full"))) == entry.hash
    assert sealed.previous_hash == GENESIS


def test_the_published_way_to_read_the_tables_of_a_prior_reads_them() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", SECTIONS["priors.v1"], re.DOTALL)
    published: dict[str, object] = {}
    exec(program, published)  # noqa: S102
    numbers = published["numbers"]
    assert callable(numbers)

    spend = json.loads(stored("priors.v1-spend"))["spend"]
    mean, covariance = (np.array(numbers(spend[name])) for name in ("mean", "covariance"))
    kept = decode(stored("priors.v1-spend"), Prior).spend
    assert kept is not None
    sums = read(kept)

    assert mean.reshape(7, 24) == pytest.approx(sums.total / sums.days[:, None])
    # The mean of each day is taken out, so no hour of it is free: rows add up to nothing.
    whole = np.zeros((24, 24))
    whole[np.tril_indices(24)] = covariance
    whole += np.tril(whole, -1).T
    assert whole.sum(axis=0) == pytest.approx(np.zeros(24), abs=1e-6)
    assert np.diag(whole).min() > 0.0


def _kept(topic: Topic) -> str:
    if topic.cleanup is Cleanup.COMPACT:
        every = f", all for {_days(topic.versions_ms)}" if topic.versions_ms else ""
        return "latest per key" + every
    return "for ever" if topic.retention_ms == FOREVER else _days(topic.retention_ms)


def _days(milliseconds: int) -> str:
    days = milliseconds // 86_400_000
    return f"{days} day" + "s" * (days > 1)


def _workers(cell: str) -> set[str]:
    people = {"**you**", "people", "publisher", "command line"}
    names = {name.strip() for name in cell.split(",")}
    return {"you" if name in people else name for name in names}
