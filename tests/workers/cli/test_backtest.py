"""The command ``backtest`` as a person, or a pipeline, runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from tests.workers.backtest.logs import Law, write_csv
from workers.cli.main import app

QUICK = ("--draws", "3", "--strategy", "pacekeeper,even")


def runs(*arguments: str | Path, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["backtest", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("log") / "log.csv", [Law(), Law(budget=900.0)])


def test_the_result_is_a_table_a_sentence_and_what_cannot_be_known(path: Path) -> None:
    told = runs("--csv", path, *QUICK).stdout
    assert "Back-test of log.csv" in told
    lines = [line.split() for line in told.splitlines()]
    assert [words[0] for words in lines if words and words[0] in ("Pacekeeper", "even")][:2] == [
        *("Pacekeeper", "even"),
    ]
    assert "more value than the best of the others, even hours" in told
    assert "What cannot be known from it" in told
    assert max(map(len, told.splitlines())) <= 110


def test_programs_are_told_all_of_it(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    runs("--csv", path, *QUICK, "--json", file)
    found = json.loads(file.read_text())
    assert [each["controller"] for each in found["standings"]] == ["pacekeeper", "even"]
    assert found["setup"]["first_day"] == "2026-03-02"
    assert found["verdict"] is None
    again = tmp_path / "again.json"
    runs("--csv", path, *QUICK, "--json", again)
    assert again.read_bytes() == file.read_bytes()


def test_a_ratio_that_is_reached_passes_and_one_that_is_not_fails(
    path: Path, tmp_path: Path
) -> None:
    file = tmp_path / "result.json"
    passed = runs("--csv", path, *QUICK, "--fail-below", "1.0")
    assert "not below 1" in passed.stderr
    failed = runs("--csv", path, *QUICK, "--fail-below", "9", "--json", file, code=1)
    assert "below 9" in failed.stderr
    # The numbers are there all the same.
    verdict = json.loads(file.read_text())["verdict"]
    assert verdict["limit"] == 9.0
    assert 1.0 < verdict["ratio"] < 9.0
    runs("--csv", path, *QUICK, "--fail-below", "0.9", "--fail-of", "optimum")
    runs("--csv", path, *QUICK, "--fail-below", "1.01", "--fail-of", "optimum", code=1)


def test_parquet_is_read_too_and_says_the_same(path: Path, tmp_path: Path) -> None:
    from pyarrow import csv, parquet  # noqa: PLC0415

    parquet.write_table(csv.read_csv(path), tmp_path / "log.parquet")
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    runs("--csv", path, *QUICK, "--json", files[0])
    runs("--parquet", tmp_path / "log.parquet", *QUICK, "--json", files[1])
    one, two = (json.loads(file.read_text())["standings"] for file in files)
    assert one == two


def test_a_stretch_of_the_log_can_be_chosen(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    runs("--csv", path, *QUICK, "--from", "2026-03-04", "--to", "2026-03-10", "--json", file)
    setup = json.loads(file.read_text())["setup"]
    assert (setup["first_day"], setup["last_day"]) == ("2026-03-04", "2026-03-09")


def test_plans_bring_budgets(path: Path, tmp_path: Path) -> None:
    plans = tmp_path / "plans.toml"
    plans.write_text(
        'platform = "google"\naccount_id = "1"\ncampaign_id = "c0"\nversion = 1\n'
        'currency = "EUR"\ntimezone = "UTC"\nbudget = { amount = "300", period = "day" }\n'
    )
    told = runs("--csv", path, *QUICK, "--plans", plans).stdout
    assert "Budget: each plan's, by the day." in told
    assert "1 campaign left out (c1): no plan" in told


def test_the_simulator_is_played_without_a_log() -> None:
    told = runs("--simulate", "1", "--days", "2", "--draws", "1", "--strategy", "even").stdout
    assert "Back-test of the simulator" in told
    assert "a simulated market is not theirs" in told


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        ((), "one thing is back-tested at a time", "give --csv FILE"),
        (("--csv", "{log}", "--simulate", "3"), "one thing is back-tested at a time", "--topic"),
        (("--csv", "none.csv"), "cannot read none.csv", ""),
        (("--csv", "{empty}"), "empty.csv is empty", ""),
        (("--csv", "{other}"), "no built-in map fits the file", "--map FILE.toml"),
        (("--csv", "{bad}"), "no row of", "--dry-run"),
        (("--csv", "{log}", "--map", "no.toml"), "cannot read the map", "give a TOML file"),
        (("--csv", "{log}", "--strategy", "luck"), "nobody is called so", "waterlevel"),
        (("--csv", "{log}", "--budget", "much"), "no such budget", "a share"),
        (("--csv", "{log}", "--from", "12"), "a file has no offsets", "give a day"),
        (("--csv", "{log}", "--from", "soon"), "no such bound", "2026-03-02"),
        (("--csv", "{log}", "--from", "2026-03-05", "--to", "2026-03-05"), "nothing lies", "--to"),
        (("--csv", "{log}", "--from", "2027-01-01"), "no row of", "--from and --to"),
        (("--csv", "{log}", "--learn-days", "14"), "leaves no day to score", "give fewer"),
        (("--csv", "{log}", "--plans", "x.txt", "--budget", "3"), "--plans or from", "one of them"),
        (("--csv", "{log}", "--budget", "log"), "no daily budget in the log", ""),
        (("--simulate", "2", "--budget", "30"), "makes up budgets", "--budget 50%"),
        (("--simulate", "2", "--map", "meta"), "--map says how a log is read", ""),
        (("--simulate", "2", "--days", "4", "--learn-days", "4"), "leaves no day", "more --days"),
        (("--csv", "{log}", "--days", "4"), "--days is for --simulate", "--from and --to"),
        (("--topic", "metrics.v1", "--map", "meta"), "--map says what the columns", "a topic"),
        (
            ("--csv", "{log}", "--strategy", "even", "--fail-below", "1"),
            "judges Pacekeeper, which is not played",
            "add pacekeeper",
        ),
        (
            ("--csv", "{log}", "--strategy", "pacekeeper", "--fail-below", "1"),
            "none is played",
            "--fail-of optimum",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    arguments: tuple[str, ...], problem: str, remedy: str, tmp_path: Path
) -> None:
    log = write_csv(tmp_path / "log.csv", [Law()])
    (tmp_path / "empty.csv").touch()
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    header, first = log.read_text().splitlines()[:2]
    (tmp_path / "bad.csv").write_text(f"{header}\n{first.replace('EUR', 'euros')}\n")
    places = {name: tmp_path / f"{name}.csv" for name in ("log", "empty", "other", "bad")}
    failed = runs(*(word.format(**places) for word in arguments), code=2)
    assert problem in failed.stderr
    assert remedy in failed.stderr
    assert failed.stdout == ""


@pytest.mark.kafka
def test_a_topic_comes_to_what_the_file_comes_to_that_was_published(
    kafka: Broker, topic_prefix: str, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACEKEEPER_BROKER", kafka.bootstrap)
    monkeypatch.setenv("PACEKEEPER_TOPICS_PREFIX", topic_prefix)
    monkeypatch.setenv("PACEKEEPER_TOPICS_PARTITIONS", "2")
    for words in (["topics", "create"], ["publish", str(path)]):
        assert CliRunner().invoke(app, words).exit_code == 0
    runs("--csv", path, *QUICK, "--json", "file.json")
    told = runs("--topic", "metrics.v1", *QUICK, "--json", "topic.json").stdout
    assert "Back-test of metrics.v1" in told
    one, two = (json.loads(Path(f"{name}.json").read_text()) for name in ("file", "topic"))
    assert one["standings"] == two["standings"]
    missing = runs("--topic", "nothing.v1", code=2).stderr
    assert f"there is no topic {topic_prefix}.nothing.v1" in missing


def test_a_result_that_cannot_be_written_is_said(path: Path, tmp_path: Path) -> None:
    failed = runs("--csv", path, *QUICK, "--json", tmp_path / "no" / "x.json", code=2)
    assert "cannot write" in failed.stderr
