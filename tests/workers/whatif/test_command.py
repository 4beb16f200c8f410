"""``pacekeeper whatif`` as a person asks it, of a file and of the topics."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from deploy.broker import Broker
from tests.workers.whatif.reports import Market, as_csv, of_events
from tests.workers.whatif.test_whatif import ask
from workers.cli.main import app
from workers.whatif.page import print_answer


def run(*words: str, **environment: str) -> Result:
    return CliRunner(env=environment).invoke(app, words)


def test_a_file_is_asked_by_the_campaigns_name_alone(tmp_path: Path) -> None:
    path = str(as_csv(tmp_path / "report.csv", Market(revenue=25.0).events()))
    result = run("whatif", "42", "--csv", path, "--budget", "300", "--strategy", "adaptive")
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["strategy", "even", "adaptive"] in rows
    assert ["budget", "a", "day", "no", "limit", "300", "EUR"] in rows
    assert any(row[:2] == ["value", "EUR"] for row in rows)
    assert "21 days, 504 hours with spend" in result.stdout

    told = json.loads(run("whatif", "42", "--csv", path, "--budget", "300", "--json").stdout)
    assert told["campaign"] == "google:7:42"
    assert told["other"]["spend"]["p50"] == pytest.approx(7 * 300)
    assert told["basis"]["varied"] is True


@pytest.mark.parametrize("width", [80, 120])
def test_every_line_fits_the_terminal(width: int) -> None:
    file = io.StringIO()
    given = of_events(Market(revenue=25.0).events())
    found = ask(given, strategy="adaptive", daily_budget=5e6, target_roas=2.0)
    print_answer(Console(file=file, width=width), found)
    assert max(map(len, file.getvalue().splitlines())) <= width


def test_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    path = str(as_csv(tmp_path / "report.csv", Market(days=7).events()))
    words = ("whatif", "42", "--csv", path, "--budget", "300", "--json")
    assert run(*words).stdout == run(*words).stdout
    assert run(*words).stdout != run(*words, "--seed", "2").stdout


def test_what_cannot_be_asked_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = str(as_csv(tmp_path / "report.csv", Market(days=2).events()))
    for words, code, text in (
        (("42",), 2, "nothing is asked"),
        (("42", "--target-cpa", "5", "--target-roas", "2"), 2, "has one target"),
        (("42", "--target-cpa", "0"), 2, "must be above 0"),
        (("42", "--budget", "inf"), 2, "--budget must be a finite number, was inf"),
        (("42", "--target-cpa", "nan"), 2, "--target-cpa must be a finite number, was nan"),
        (("43", "--budget", "5"), 2, "is not in"),
        (("42", "--budget", "5"), 1, "too little to say"),
    ):
        result = run("whatif", *words, "--csv", path)
        assert (result.exit_code, text in result.stderr) == (code, True), result.stderr


@pytest.mark.kafka
def test_the_topics_answer_as_the_file_that_was_published_there(
    kafka: Broker, topic_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = str(as_csv(tmp_path / "report.csv", Market(days=10).events()))
    environment = {
        "PACEKEEPER_BROKER": kafka.bootstrap,
        "PACEKEEPER_TOPICS_PREFIX": topic_prefix,
        "PACEKEEPER_TOPICS_PARTITIONS": "3",
    }
    assert run("topics", "create", **environment).exit_code == 0
    assert run("publish", path, **environment).exit_code == 0

    question = ("google:7:42", "--budget", "250", "--strategy", "dayparting", "--json")
    told = run("whatif", *question, **environment)
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == json.loads(run("whatif", *question, "--csv", path).stdout)

    nobody = run("whatif", "google:7:43", "--budget", "5", **environment)
    assert (nobody.exit_code, "no report of campaign" in nobody.stderr) == (1, True)
    for end in ("42", "7:42"):
        assert run("whatif", end, *question[1:], **environment).stdout == told.stdout
    unknown = run("whatif", "43", "--budget", "5", **environment)
    assert (unknown.exit_code, "there is no campaign 43" in unknown.stderr) == (2, True)
