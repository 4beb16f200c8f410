"""A whole back-test of a log in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tests.workers.backtest.logs import Law, heap_of, write_csv
from tests.workers.backtest.test_budgets import plan
from workers.backtest.budgets import wish_of
from workers.backtest.contest import Case, Outcome, Progress, Terms
from workers.backtest.run import Asked, Result, replay_log
from workers.backtest.study import Question
from workers.backtest.summary import lead
from workers.backtest.verdict import Measure, verdict
from workers.errors import UsageError, WorkerError

LAWS = [Law(), Law(elasticity=4.0, bid_sd=0.1, budget=900.0), Law(bid_sd=0.0)]
TERMS = Terms(controllers=("pacekeeper", "even", "waterlevel"))


def quietly(_: Case) -> Progress:
    return lambda *_: None


def asked(**more: object) -> Asked:
    plain = Asked(source="a log", terms=TERMS, draws=4)
    return replace(plain, **more)  # type: ignore[arg-type]


def result_of(path: Path, **more: object) -> Result:
    return replay_log(heap_of(path), asked(**more), quietly)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("log") / "log.csv", LAWS)


@pytest.fixture(scope="module")
def result(path: Path) -> Result:
    return result_of(path)


def test_pacekeeper_comes_near_hindsight_where_hours_can_be_foreseen(result: Result) -> None:
    ours, *others = result.standings
    assert ours.controller == "pacekeeper"
    assert ours.value.p50 > 0.97
    assert all(ours.value.p50 > other.value.p50 for other in others)
    assert result.lead is not None
    assert (result.lead.best, result.lead.ahead_in) == ("waterlevel", 1.0)


def test_values_are_ranges_and_nobody_overspends(result: Result) -> None:
    for each in result.standings:
        assert 0.0 < each.worst <= each.value.p10 + 0.3
        assert each.value.p10 <= each.value.p50 <= each.value.p90 <= 1.0 + 1e-6
        assert each.overspend == 0.0
        assert 0.0 < each.use <= 1.0
    assert result.repeated is not None
    assert result.repeated.p50 == pytest.approx(1.0, abs=1e-3)


def test_days_that_teach_are_not_scored(result: Result) -> None:
    assert (result.setup.learn_days, result.setup.scored_days) == (4, 3 * 10)


def test_the_same_seed_gives_the_same_to_the_last_byte_and_another_does_not(
    path: Path, result: Result
) -> None:
    again = result_of(path)
    assert msgspec.json.encode(again) == msgspec.json.encode(result)
    other = result_of(path, seed=2)
    assert other.standings != result.standings


def test_the_unit_of_money_changes_nothing(tmp_path: Path, result: Result) -> None:
    scaled = result_of(write_csv(tmp_path / "other.csv", LAWS, money=100.0))
    for mine, other in zip(result.standings, scaled.standings, strict=True):
        assert other.value.p50 == pytest.approx(mine.value.p50, abs=2e-4)
        assert other.conversions is not None
        assert mine.conversions is not None
        assert other.conversions.p50 == pytest.approx(mine.conversions.p50, rel=1e-3)


def test_the_log_is_told_what_it_cannot_tell(result: Result) -> None:
    told = " ".join(result.cannot_be_known)
    assert "of 1 campaign: their bids never varied" in told
    assert "of 2 campaigns whose bids varied" in told
    assert "after a budget ran out" in told
    assert "How rivals and the platform would have answered" in told
    assert result.elasticity is not None
    assert (result.elasticity.learned, result.elasticity.assumed) == (2, 1)


def test_what_does_not_apply_is_not_said(tmp_path: Path) -> None:
    told = " ".join(result_of(write_csv(tmp_path / "x.csv", [Law()])).cannot_be_known)
    assert "never varied" not in told
    assert "after a budget ran out" not in told
    assert "without spend" not in told


def kinds(result: Result, level: str) -> set[str]:
    return {each.kind for each in result.findings if each.level == level}


def test_a_calm_log_of_weeks_has_no_warnings(result: Result) -> None:
    assert kinds(result, "hold") == set()
    assert kinds(result, "warning") == set()
    assert kinds(result, "note") == {"budget_never_bound", "exhausted_hours"}


def lines_of(path: Path) -> list[str]:
    return path.read_text().splitlines()


def rewritten(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def test_few_days_gaps_missing_hours_and_odd_ones_are_warned_of(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "odd.csv", [Law(days=9)])
    header, *rows = lines_of(path)
    kept = [row for row in rows if "T03:" not in row and "2026-03-04" not in row]
    fields = kept[100].split(",")
    fields[6] = "90000"
    kept[100] = ",".join(fields)
    found = result_of(rewritten(path, [header, *kept]))
    assert kinds(found, "warning") == {"few_days", "gaps", "missing_hours", "suspect_hours"}


def test_rows_that_cannot_be_taken_are_counted_and_the_first_is_shown(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "bad.csv", [Law()])
    header, first, *rows = lines_of(path)
    fields = first.split(",")
    fields[6] = "-5"
    found = result_of(rewritten(path, [header, ",".join(fields), *rows]))
    told = next(each.text for each in found.findings if each.kind == "refused_rows")
    assert "1 row could not be taken" in told
    assert "row 2 of bad.csv: spend" in told


def test_several_currencies_are_noted_and_do_no_harm(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "two.csv", [Law(), Law()])
    one = result_of(path)
    lines = [line.replace("EUR", "JPY") if ",c1," in line else line for line in lines_of(path)]
    two = result_of(rewritten(path, lines))
    assert kinds(two, "note") - kinds(one, "note") == {"several_currencies"}
    assert [each.value for each in two.standings] == [each.value for each in one.standings]


def test_campaigns_that_cannot_be_judged_are_held_with_their_reasons(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "held.csv", [Law(), Law(level=0.0), Law()])
    header, *rows = lines_of(path)
    short = [row for row in rows if ",c2," not in row or "2026-03-05" in row]
    two = [row.replace("EUR", "USD") if ",c1," in row and "T05" in row else row for row in short]
    found = result_of(rewritten(path, [header, *two]))
    holds = {each.campaigns: each.text for each in found.findings if each.level == "hold"}
    assert "two currencies" in holds["google:1:c1",]
    assert "fewer than 3 whole days" in holds["google:1:c2",]
    assert found.setup.campaigns == 1


def test_a_log_that_nothing_can_be_said_of_is_refused_with_reasons(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "none.csv", [Law(level=0.0), Law(level=0.0)])
    with pytest.raises(UsageError, match="2 with fewer than 24 hours with spend"):
        result_of(path)


def test_a_log_shorter_than_a_day_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "short.csv", [Law(days=1)])
    with pytest.raises(UsageError, match="no whole day"):
        result_of(rewritten(path, lines_of(path)[:20]))


def test_plans_bring_their_budgets_and_their_campaigns_alone_are_played(path: Path) -> None:
    plans = [plan("c0", "300"), plan("c1", "300", currency="USD")]
    found = result_of(path, question=Question(plans=plans))
    assert found.setup.campaigns == 1
    texts = [each.text for each in found.findings if each.level == "hold"]
    assert any("another currency" in text for text in texts)
    assert any("no plan" in text for text in texts)


def test_less_budget_is_used_up_and_more_than_can_be_spent_is_not(path: Path) -> None:
    little = result_of(path, question=Question(wish=wish_of("20%")))
    plenty = result_of(path, question=Question(wish=wish_of("1e6")))
    assert little.standings[0].use > 0.98
    assert plenty.standings[0].use < 0.5


def test_the_ratio_that_is_judged_is_the_one_asked_for(result: Result) -> None:
    assert result.lead is not None
    ours = result.standings[0]
    best = verdict(result, Measure.BEST, 1.0)
    optimum = verdict(result, Measure.OPTIMUM, 1.0)
    assert (best.ratio, best.failed) == (result.lead.ratio.p50, False)
    assert (optimum.ratio, optimum.failed) == (ours.value.p50, True)
    assert not verdict(result, Measure.OPTIMUM, ours.value.p50).failed
    with pytest.raises(WorkerError, match="nobody to hold"):
        verdict(replace(result, lead=None), Measure.BEST, 1.0)


def test_who_spends_beyond_the_budget_is_no_measure() -> None:
    """Two controllers: one within its budget, one with twice the value for twice the money."""
    ones = np.ones((1, 1, 2))
    case = Case(
        campaigns=("a",),
        scored=np.ones((1, 2), dtype=np.bool_),
        draws=1,
        parts=lambda: iter(()),
        row_hours=0,
    )
    spends = {"pacekeeper": ones, "even": 0.9 * ones, "pid": 2.0 * ones}
    outcome = Outcome(
        value={"pacekeeper": 0.8 * ones, "even": 0.5 * ones, "pid": 1.6 * ones},
        spend=spends,
        best=ones,
        budget=np.ones((1, 1)),
        conversions=np.zeros((1, 1)),
        repeated=np.ones((1, 1)),
    )
    found = lead(case, outcome)
    assert found is not None
    assert found.best == "even"
    assert found.ratio.p50 == pytest.approx(1.6)
