"""Laws of ``pacekeeper verify``: the verdict in words and in the exit code, from topic or file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from tests.workers.verify.test_verify import a_trail
from workers.cli.main import app
from workers.verify import AuditRecord
from workers.verify.files import write_line


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["verify", *words])


def exported(path: Path, records: list[AuditRecord]) -> str:
    with path.open("wb") as file:
        for record in records:
            write_line(file, record)
    return str(path)


def test_an_intact_export_gets_one_line_per_partition_and_a_verdict(tmp_path: Path) -> None:
    result = run(exported(tmp_path / "t", [*a_trail(3), *a_trail(2, partition=1, start=40)]))

    assert result.exit_code == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0][:4] == ["partition", "entries", "first", "last"]
    assert [row[:4] for row in rows[1:]] == [["0", "3", "0", "2"], ["1", "2", "40", "41"]]
    assert rows[2][5:] == ["intact,", "starts", "at", "entry", "40"]
    assert "intact: 5 entries in 2 partitions" in result.stderr


def test_a_trail_that_was_tampered_with_is_told_in_words_and_by_the_exit_code(
    tmp_path: Path,
) -> None:
    trail = a_trail()
    trail[2] = trail[2]._replace(value=(trail[2].value or b"").replace(b'"ada"', b'"eve"'))
    del trail[5]
    result = run(exported(tmp_path / "t", trail))

    assert result.exit_code == 1
    assert "edited      partition 0, offset 104, entry 2" in result.stdout
    assert "missing     partition 0, offset 112, entry 5" in result.stdout
    assert "NOT intact: 2 faults in 8 entries in 1 partition" in result.stderr


def test_json_says_the_same_to_programs(tmp_path: Path) -> None:
    path = exported(tmp_path / "t", a_trail(4)[1:])
    assert json.loads(run(path, "--json").stdout)["intact"] is True

    result = run(path, "--json", "--from-genesis")
    report = json.loads(result.stdout)
    assert (result.exit_code, report["intact"]) == (1, False)
    assert report["partitions"][0]["faults"][0]["kind"] == "missing"


def test_an_empty_export_is_no_fault(tmp_path: Path) -> None:
    result = run(exported(tmp_path / "t", []))

    assert (result.exit_code, result.stdout) == (0, "")
    assert "no entries yet" in result.stderr


def test_a_file_and_an_export_are_not_given_together(tmp_path: Path) -> None:
    result = run(exported(tmp_path / "t", []), "--export", str(tmp_path / "u"))

    assert result.exit_code == 2


@pytest.mark.kafka
def test_what_was_committed_is_verified_where_it_stands_and_from_the_file_it_is_exported_to(
    kafka: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACEKEEPER_TOPICS_PREFIX", topic_prefix)
    asyncio.run(_publish(kafka.bootstrap, topic_prefix))
    path = tmp_path / "trail.jsonl"

    first = run("--bootstrap", kafka.bootstrap, "--from-genesis", "--export", str(path))
    assert first.exit_code == 0, first.output
    assert "intact: 14 entries in 2 partitions" in first.stderr
    assert run(str(path), "--from-genesis").stdout == first.stdout

    again = run("--bootstrap", kafka.bootstrap, "--export", str(path))
    assert again.exit_code == 2
    assert "File exists" in again.stderr
    path.write_bytes(path.read_bytes().replace(b"Gr\xc3\xb6", b"Gr\xc3\xa4", 1))
    assert run(str(path)).exit_code == 1


async def _publish(bootstrap: str, prefix: str) -> None:
    """Write a trail per partition, a transaction each; and one that is given up."""
    topic = f"{prefix}.audit.v1"
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 2, 1)])
    await admin.close()
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=prefix)
    await producer.start()
    for records, committed in (
        (a_trail(9), True),
        (a_trail(3), False),
        (a_trail(5, partition=1), True),
    ):
        await producer.begin_transaction()
        for record in records:
            await producer.send_and_wait(
                topic, record.value, key=record.key, partition=record.partition
            )
        await (producer.commit_transaction() if committed else producer.abort_transaction())
    await producer.stop()
