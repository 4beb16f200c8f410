"""``pacekeeper report`` as a person runs it, on a real Kafka."""

from pathlib import Path

import pytest

from schemas import Plan
from tests.person_fixtures import Person
from tests.workers.report.told import a_plan, advice, an_entry, an_hour

pytestmark = pytest.mark.kafka


def test_a_report_is_made_of_what_stands_in_the_topics(person: Person, tmp_path: Path) -> None:
    plan: Plan = a_plan()
    person.tells("plans.v1", plan)
    person.tells("metrics.v1", *(an_hour(n) for n in range(3)), an_hour(1, "25"))
    person.tells("recommendations.v1", advice(1), advice(2))
    person.tells("audit.v1", an_entry(1))
    person.publishes("metrics.v1", b"{}")

    told = person.runs("report", "--output", "out.html")

    assert "written to out.html: 1 campaign" in told.stderr
    assert "1 record of" in told.stderr
    text = (tmp_path / "out.html").read_text("utf-8")
    assert "1 campaign, 2026-03-02 01:00 UTC to 2026-03-02 03:00 UTC." in text
    assert "EUR 35.00" in text

    day = ("--from", "2026-03-02", "--to", "2026-03-02T02:00Z", "--campaign", "7:42")
    person.runs("report", *day)
    assert "EUR 35.00" in (tmp_path / "report.html").read_text("utf-8")
    assert "no campaign has a name with z" in person.runs("report", "--campaign", "z").stderr


def test_two_prefixes_are_compared(person: Person, tmp_path: Path) -> None:
    person.tells("plans.v1", a_plan())
    person.tells("metrics.v1", *(an_hour(n) for n in range(24)))
    person.runs("report", "--compare", person.prefix)

    text = (tmp_path / "report.html").read_text("utf-8")
    assert f"±0.0% against {person.prefix}" in text


def test_what_is_missing_is_said_and_nothing_is_written(person: Person, tmp_path: Path) -> None:
    empty = person.runs("report", code=2)
    assert f"there is nothing in {person.prefix}.metrics.v1 to report about" in empty.stderr
    assert "pacekeeper publish" in empty.stderr

    person.tells("metrics.v1", an_hour(0))
    for arguments, words in (
        (("--compare", "nowhere"), "there is no topic nowhere.plans.v1"),
        (("--from", "tomorrow"), "--from is 'tomorrow', which is no time"),
        (("--from", "2031-01-01"), "there are no metrics in that time"),
        (("--output", "missing/report.html"), "cannot be written to missing/report.html"),
    ):
        assert words in person.runs("report", *arguments, code=2).stderr
    assert list(tmp_path.glob("*.html")) == []
