"""A back-test of real auctions, in a file that is not the project's and never committed."""

from __future__ import annotations

import csv
from datetime import date

import pytest

from tests.workers.importer.test_auctionnet import FILE, MAP
from workers.backtest.contest import CONTROLLERS, Terms
from workers.backtest.files import Files, read_files
from workers.backtest.run import Asked, Result, replay_log

pytestmark = pytest.mark.skipif(
    not FILE.is_file(),
    reason=f"{FILE.name} is not there: set SHARED_DATA to the folder that has it "
    "(AuctionNet's log summed by the hour, as docs/reports.md tells)",
)


@pytest.fixture(scope="module")
def result() -> Result:
    heap = read_files(Files(paths=(FILE,), map_name=str(MAP)), lambda _: None)
    terms = Terms(controllers=tuple(CONTROLLERS))
    return replay_log(
        heap, Asked(source=FILE.name, terms=terms, draws=10), lambda _: lambda *_: None
    )


def test_every_campaign_is_scored_or_held_with_its_reason(result: Result) -> None:
    with FILE.open(newline="") as file:
        lines = list(csv.DictReader(file))
    names = {line["campaign_id"] for line in lines}
    spending = {
        name: sum(float(line["spend"]) > 0.0 for line in lines if line["campaign_id"] == name)
        for name in names
    }
    held = {
        name.rpartition(":")[2]
        for each in result.findings
        if each.level == "hold"
        for name in each.campaigns
    }
    assert result.setup.campaigns + len(held) == len(names)
    # These bought next to nothing: nobody can say what they would have bought.
    assert {name for name, hours in spending.items() if hours < 24} == held
    assert (result.setup.first_day, result.setup.last_day) == (date(2026, 3, 2), date(2026, 3, 13))


def test_nothing_overspends_and_nobody_beats_hindsight(result: Result) -> None:
    assert len(result.standings) > 1
    for each in result.standings:
        assert each.overspend == 0.0
        assert 0.0 < each.value.p10 <= each.value.p50 <= each.value.p90 <= 1.0


def test_nobody_who_keeps_to_the_budget_buys_more_than_pacekeeper(result: Result) -> None:
    assert result.lead is not None
    assert result.lead.ratio.p10 > 1.0


def test_the_model_answers_the_logs_own_bids_with_its_spend(result: Result) -> None:
    assert result.repeated is not None
    assert result.repeated.p50 == pytest.approx(1.0, abs=0.02)


def test_elasticity_is_found_to_be_what_such_auctions_have(result: Result) -> None:
    """Values are drawn anew every four hours; spend answers bids with 3 to 7."""
    assert result.elasticity is not None
    assert result.elasticity.learned > 30
    assert result.elasticity.p50 is not None
    assert 2.5 < result.elasticity.p50 < 7.0


def test_what_is_odd_about_the_log_is_said(result: Result) -> None:
    kinds = {each.kind for each in result.findings}
    assert {"few_days", "exhausted_hours"} <= kinds
    assert "gaps" not in kinds
    assert any("followed their spend" in told for told in result.cannot_be_known)
