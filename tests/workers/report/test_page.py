"""The page: whole in itself, and deaf to what is written in records."""

import json
import re
from base64 import b64encode
from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from schemas import AuditStatus, Explanation, HoldReason
from tests.workers.report.told import a_hold, a_plan, advice, an_entry, an_hour
from workers.errors import UsageError
from workers.report import page
from workers.report.building import Book
from workers.report.model import Records, Report, Wishes
from workers.report.page import page_of
from workers.report.writing import check_place, write_page

HOSTILE = "</script><img src=x onerror=alert(1)><b>&"


class Parts(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.texts: list[str] = []
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append((self.tags[-1][1], data))
        elif self._inside != "style":
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 -- the parser's to name
        self._inside = ""

    @property
    def data(self) -> dict[str, str]:
        """The figures' data, by their ids."""
        found: dict[str, str] = {}
        for attributes, text in self.scripts:
            name = attributes.get("id") or ""
            found[name] = found.get(name, "") + text
        return found


def _figures(text: str) -> str:
    return json.dumps(json.loads(Parts(text).data["figures-0"]), ensure_ascii=False)


def a_report(name: str = "42", *, other: bool = True, **fields: Any) -> Report:  # noqa: ANN401
    """Return a report of two days of a campaign of this name."""
    made = Book(wishes=Wishes())
    who = {"campaign_id": name}
    reasons = (Explanation(code="why", text=f"because {name}"),)
    told = [advice(n, **who, entity_id=name, reasons=reasons, **fields) for n in range(40)]
    told += [a_hold(n, HoldReason.STALE_DATA, **who, entity_id=name) for n in range(40, 44)]
    made.take(
        Records(
            plans=[a_plan(**who)],
            metrics=[an_hour(n, **who) for n in range(48)],
            recommendations=told,
            audit=[an_entry(n) for n in range(39)],
        )
    )
    if not other:
        return made.report()
    evenly = Book(wishes=Wishes())
    evenly.take(Records(metrics=[an_hour(n, "8", **who) for n in range(48)]))
    return made.report(evenly, name=f"even {name}")


@pytest.fixture(scope="module")
def plain() -> Parts:
    return Parts(page_of(a_report()))


def test_a_page_names_nothing_that_would_be_loaded(plain: Parts) -> None:
    loading = {"src", "href", "srcset", "data", "action", "poster", "background", "formaction"}
    named = [(tag, names) for tag, attributes in plain.tags if (names := loading & set(attributes))]

    assert named == []
    assert not {"link", "iframe", "object", "embed", "base"} & {tag for tag, _ in plain.tags}
    styles = re.findall(r"<style>(.*?)</style>", page_of(a_report()), re.DOTALL)
    assert not any("url(" in style or "@import" in style for style in styles)


def test_a_page_lets_its_own_scripts_run_and_nothing_be_loaded(plain: Parts) -> None:
    (policy,) = [a["content"] for _, a in plain.tags if a.get("http-equiv")]
    running = [text for kind, text in plain.scripts if kind.get("type") != "application/json"]
    assert policy is not None
    assert "default-src 'none'" in policy
    digests = {b64encode(sha256(text.encode()).digest()).decode() for text in running}

    assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "http" not in policy


def test_names_and_reasons_are_shown_as_they_are_written_and_never_become_tags() -> None:
    report = a_report(HOSTILE)
    hostile, plain = Parts(page_of(report)), Parts(page_of(a_report()))

    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in plain.tags]
    assert f"google 7 · {HOSTILE}" in "".join(hostile.texts)
    assert f"even {HOSTILE}" in "".join(hostile.texts)
    assert f"because {HOSTILE}" in _figures(page_of(report))
    # Nor can a comment or a script begin within the data, which would swallow what follows.
    assert not any("<" in text for name, text in hostile.data.items() if name)


def test_each_campaign_has_a_pace_chart_and_three_maps_and_a_place_for_each(plain: Parts) -> None:
    targets = [each["target_id"] for each in json.loads(plain.data["figures-0"])]
    places = {attributes.get("id") for tag, attributes in plain.tags if tag == "div"}

    assert targets == ["pace-0", "heat-0-0", "heat-0-1", "heat-0-2"]
    assert set(targets) <= places
    assert json.loads(plain.data["figures-calibration"])[0]["target_id"] == "calibration"
    assert "calibration" in places


def test_a_decision_is_told_in_its_own_unit() -> None:
    money = _figures(page_of(a_report()))
    multiplier: dict[str, Any] = {
        "field": "bid_multiplier",
        "unit": "multiplier",
        "current_value": Decimal("0.93"),
        "recommended_value": Decimal("1.0212"),
        "hourly_cap": Decimal("12.5"),
    }
    turned = _figures(page_of(a_report(**multiplier)))

    assert "hourly budget: EUR 10.00 → EUR 11.00" in money
    assert "bid multiplier: \N{MULTIPLICATION SIGN}0.93 → \N{MULTIPLICATION SIGN}1.021" in turned
    assert "at most EUR 12.50 in the hour" in turned


def test_the_first_row_says_what_was_spent_and_how_it_stands_to_the_other_world(
    plain: Parts,
) -> None:
    text = " ".join(" ".join(plain.texts).split())

    assert "Spend EUR 480.00 +25.0% against even 42" in text
    assert "Conversions 96 ±0.0% against even 42" in text
    assert "Budget use 100.0% of 2 ended periods" in text
    assert "CPA EUR 5.00 +25.0% against even 42" in text
    assert "ROAS 4.00 \N{MINUS SIGN}20.0% against even 42" in text
    assert "Overspend 0 no period above its budget" in text
    assert "Holds 4 h campaign-hours, in 1 of 1 campaign" in text
    assert "Decisions 40 40 changed the value" in text


def test_holds_and_forecasts_are_told_with_what_to_do_and_how_often_they_held(
    plain: Parts,
) -> None:
    text = " ".join(" ".join(plain.texts).split())

    assert "stale data 1 4 Look at the publisher: its newest hour is too old." in text
    assert "100.0% of 40 forecasts of 2 campaign-periods held" in text


def test_what_is_not_there_is_said_in_words() -> None:
    made = Book(wishes=Wishes(campaigns=("nobody",)))
    made.take(Records(metrics=[an_hour(0)]))
    text = " ".join(Parts(page_of(made.report())).texts)

    for words in (
        "No campaign has a name like that.",
        "Too few days: no period that was forecast has ended yet.",
        "No campaign was left alone in these hours.",
        "Nothing to compare with.",
    ):
        assert words in text


def test_the_same_records_make_the_same_page_whenever_it_is_made() -> None:
    """But for the names that Bokeh gives to its figures."""
    first, second = (page_of(a_report(other=False)) for _ in range(2))
    names = re.compile(r"\bp\d+\b|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]+")

    assert names.sub("", first) == names.sub("", second)
    assert "from records up to 2026-03-04 00:00 UTC" in first


def many(campaigns: int, days: int) -> Report:
    reasons = (Explanation(code="why", text="x" * 2_000),)
    made = Book(wishes=Wishes())
    names = [{"campaign_id": f"c{n}", "entity_id": f"c{n}"} for n in range(campaigns)]
    hours = range(24 * days)
    made.delivered.add(an_hour(n, campaign_id=who["campaign_id"]) for who in names for n in hours)
    made.decided.add(
        advice(n, recommendation_id=f"{row:016x}{n:016x}", reasons=reasons, **who)
        for row, who in enumerate(names)
        for n in hours
    )
    return made.report()


def test_a_page_stays_below_ten_megabytes_and_says_what_it_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = many(3, days=40)
    whole = page_of(report)
    figures = [
        len(text) for name, text in Parts(whole).data.items() if re.match(r"figures-\d", name)
    ]
    assert len(figures) == 3
    assert "left out" not in whole
    # Five weeks are drawn of each; figures up to their bound, and what all pages have.
    assert max(figures) < 1_000_000
    assert page._OF_FIGURES + len(whole) - sum(figures) < 9_000_000

    monkeypatch.setattr(page, "_OF_FIGURES", figures[0] + figures[1] // 2)
    short = Parts(page_of(report))
    assert "2 more were left out to keep the file small." in " ".join(short.texts)
    assert [tag for tag, _ in short.tags].count("option") == 1


def test_a_page_replaces_what_was_there_and_a_place_that_is_none_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "report.html"
    path.write_text("old", "utf-8")
    write_page("new", path)

    assert path.read_text("utf-8") == "new"
    assert list(tmp_path.iterdir()) == [path]
    for wrong in (tmp_path, tmp_path / "missing" / "report.html"):
        with pytest.raises(UsageError, match="name a file in a directory"):
            check_place(wrong)
    with pytest.raises(UsageError, match="name a file in a directory"):
        write_page("new", tmp_path / "missing" / "report.html")


def test_a_value_that_nobody_carried_out_is_drawn_hollow() -> None:
    report = a_report()
    outcomes = [marker.decision.is_in_force for marker in report.shown[0].pace.markers]

    assert outcomes == [True] * 39 + [False]
    assert report.shown[0].pace.markers[0].decision.outcome is AuditStatus.SIMULATED
