"""The commands around Kafka, as a person runs them, on a real one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from schemas.codec import encode
from schemas.headers import DEAD_LETTER_PREFIX, REPLAYED
from tests.person_fixtures import Person
from tests.workers.test_events import PACING
from tests.workers.test_plans import TOML
from workers.cli.main import app

pytestmark = pytest.mark.kafka


@pytest.fixture
def person(newcomer: Person) -> Person:
    return newcomer


def test_topics_are_created_once_and_checked(person: Person) -> None:
    missing = person.runs("topics", "check", code=1)
    rows = [line.split()[:2] for line in missing.stdout.splitlines()]
    assert [f"{person.prefix}.metrics.v1", "missing"] in rows

    person.runs("topics", "create")

    assert "all topics exist" in person.runs("topics", "create").stderr
    assert "as they should be" in person.runs("topics", "check").stderr
    assert person.told("topics", "check") == []


def test_drift_is_a_table_with_what_to_do_and_exit_code_1(person: Person, tmp_path: Path) -> None:
    person.runs("topics", "create")
    other = tmp_path / "other.toml"
    other.write_text("[topics]\nreplication = 3\n", encoding="utf-8")

    told = person.runs("topics", "check", "--config", str(other), code=1)

    rows = [line.split()[:4] for line in told.stdout.splitlines()]
    assert rows[0][:2] == ["topic", "what"]
    assert [f"{person.prefix}.metrics.v1", "replication", "3", "1"] in rows


def test_plans_are_shown_published_and_then_known(person: Person, tmp_path: Path) -> None:
    person.runs("topics", "create")
    file = tmp_path / "plan.toml"
    file.write_text(TOML.format(campaign="c1", amount="100"), encoding="utf-8")

    assert (
        "1 plan would be published" in person.runs("plans", "apply", str(file), "--dry-run").stderr
    )
    assert "+ google:1:c1  version 1" in person.runs("plans", "apply", str(file)).stdout
    assert "0 plans published, 1 unchanged" in person.runs("plans", "apply", str(file)).stderr

    changed = TOML.format(campaign="c1", amount="120")
    file.write_text(changed, encoding="utf-8")
    refused = person.runs("plans", "apply", str(file), code=2)
    assert "set version to 2" in refused.stderr

    file.write_text(changed.replace("version = 1", "version = 2"), encoding="utf-8")
    shown = person.runs("plans", "apply", str(file)).stdout
    assert "budget.amount: 100 → 120" in shown
    assert len(person.reads("plans.v1", 2)) == 2


def test_a_dry_run_publishes_nothing(person: Person, tmp_path: Path) -> None:
    person.runs("topics", "create")
    file = tmp_path / "plan.toml"
    file.write_text(TOML.format(campaign="c1", amount="100"), encoding="utf-8")

    person.runs("plans", "apply", str(file), "--dry-run")

    assert "+ google:1:c1" in person.runs("plans", "apply", str(file)).stdout


def test_dead_letters_are_listed_and_replayed_as_they_were(person: Person) -> None:
    person.runs("topics", "create")
    assert "no dead letters" in person.runs("dlq", "list").stderr
    topic = f"{person.prefix}.metrics.v1"
    facts = {"topic": topic, "reason": "not_json", "detail": "not JSON"}
    headers = {DEAD_LETTER_PREFIX + name: value.encode() for name, value in facts.items()}
    for _ in range(2):
        person.publishes("metrics.v1.dlq", b"{bad", {**headers, "theirs": b"1"})

    advice = person.runs("dlq", "list").stderr
    assert advice.index("publish a corrected record") < advice.index("`pacekeeper dlq replay`")
    (pile,) = json.loads(person.runs("dlq", "list", "--json").stdout)
    assert (pile["topic"], pile["reason"], pile["count"], pile["sample"]) == (
        *(topic, "not_json", 2),
        "{bad",
    )
    assert person.told("dlq", "replay", "--topic", "metrics.v1", "--dry-run") == {
        "replayed": 0,
        "found": 1,
    }
    assert person.told("dlq", "replay", "--topic", "metrics.v1", "--reason", "other") == {
        "replayed": 0,
        "found": 0,
    }
    person.runs("dlq", "replay", "--topic", "metrics.v1")

    ((value, replayed),) = person.reads("metrics.v1", 1)
    assert value == b"{bad"
    assert replayed.keys() == {"theirs", REPLAYED}


def test_a_letter_that_kafka_refuses_is_not_said_to_be_replayed(person: Person) -> None:
    person.runs("topics", "create")
    headers = {DEAD_LETTER_PREFIX + "topic": f"{person.prefix}.metrics.v1".encode()}
    person.publishes("metrics.v1.dlq", b"x" * (1 << 21), headers)

    told = person.runs("dlq", "replay", "--topic", "metrics.v1", code=1)

    assert "MessageSizeTooLarge" in told.stderr


def test_what_anybody_has_published_gives_the_terminal_no_orders(person: Person) -> None:
    person.runs("topics", "create")
    orders = b"\x1b]0;owned\x07 \x1b[2J \x9b31m".decode("latin-1").encode()
    person.publishes("metrics.v1.dlq", orders, {DEAD_LETTER_PREFIX + "detail": orders})
    person.publishes("audit.v1", b'{"\xff%s": 1}' % orders)
    person.publishes("audit.v1", json.dumps({orders.decode(): 1}).encode())

    listed = person.runs("dlq", "list").stdout
    watched = person.runs("watch", "--from-beginning", "--limit", "2").stdout

    for told in (listed, watched):
        assert "\x1b" not in told
        assert "\x9b" not in told
    assert "owned" in listed


def test_dead_letters_of_everything_are_not_replayed_by_mistake(person: Person) -> None:
    assert "--topic or --reason" in person.runs("dlq", "replay", code=2).stderr


def test_watching_without_a_terminal_is_one_line_per_record(person: Person) -> None:
    person.runs("topics", "create")
    person.publishes("recommendations.v1", encode(PACING))
    begin = ("watch", "--from-beginning", "--limit", "1")

    assert "pacing             meta:7:c  hourly_budget 4 → 1,234.50" in person.runs(*begin).stdout
    assert person.told(*begin) == json.loads(encode(PACING))


def test_topics_that_are_not_there_are_told_with_the_command_that_makes_them(
    person: Person,
) -> None:
    for command in (["watch"], ["dlq", "list"]):
        assert "run: pacekeeper topics create" in person.runs(*command, code=2).stderr


def test_settings_are_shown_with_their_origin(person: Person) -> None:
    told = person.runs("config", "check").stdout

    row = next(line for line in told.splitlines() if line.startswith("topics.partitions"))
    assert row.split()[1:3] == ["2", "PACEKEEPER_TOPICS_PARTITIONS"]


def test_a_password_that_cannot_be_found_is_told_before_it_is_needed(person: Person) -> None:
    environment = {
        "PACEKEEPER_BROKER": person.bootstrap,
        "PACEKEEPER_BROKER_SECURITY": "SASL_SSL",
        "PACEKEEPER_BROKER_USERNAME": "u",
        "PACEKEEPER_BROKER_PASSWORD": "env:GONE",
    }

    told = CliRunner(env=environment).invoke(app, ["config", "check"])

    assert told.exit_code == 2
    assert "the variable GONE is not set" in told.stderr


def test_schemas_are_printed_and_written(tmp_path: Path) -> None:
    run = CliRunner().invoke

    assert "plans.v1" in run(app, ["schemas"]).stdout.split()
    assert json.loads(run(app, ["schemas", "plans.v1"]).stdout)["type"] == "object"
    assert json.loads(run(app, ["schemas", "asyncapi"]).stdout)["asyncapi"].startswith("3.")
    assert run(app, ["schemas", "--write", str(tmp_path / "out")]).exit_code == 0
    assert (tmp_path / "out" / "asyncapi.json").exists()


def test_without_any_kafka_it_is_said_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nothing = {"PACEKEEPER_DATA_DIR": str(tmp_path), "PACEKEEPER_BROKER": None}

    told = CliRunner(env=nothing).invoke(app, ["topics", "check"])

    assert told.exit_code == 2
    for way in ("make run", "pacekeeper broker start", "--bootstrap", "PACEKEEPER_BROKER"):
        assert way in told.stderr
