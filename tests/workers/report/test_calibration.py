"""Forecasts against what came, counted by hand."""

from decimal import Decimal

import pytest

from schemas import MoneyRange, Recommendation
from tests.workers.report.told import DAY, HOUR, KEY, MONDAY, advice, an_hour
from workers.report.calibration import Calibration, calibration_of, wilson
from workers.report.decisions import Decided
from workers.report.delivered import Delivered
from workers.report.periods import Terms
from workers.report.sections import calibration_note, reliability
from workers.report.totals import Stretch


def foreseen(hour: int, low: int, middle: int, high: int) -> Recommendation:
    band = MoneyRange(p10=Decimal(low), p50=Decimal(middle), p90=Decimal(high))
    return advice(hour, projected_spend=band)


def found(advices: list[Recommendation], *, hours: int = 48, first: int = 0) -> Calibration:
    """Return the calibration where each hour cost 10: whole days end at 240."""
    delivered, decided = Delivered(), Decided(in_detail=())
    delivered.add(an_hour(n) for n in range(first, hours))
    decided.add(advices)
    campaigns = {KEY: (Terms(currency="EUR", budget=240.0), delivered.hours(KEY))}
    stretch = Stretch(start=MONDAY, end=MONDAY + hours * HOUR)
    return calibration_of(campaigns, decided.foreseen, stretch)


def test_forecasts_are_counted_by_the_hour_of_the_day_when_they_were_made() -> None:
    result = found(
        [
            foreseen(5, 230, 240, 250),  # holds
            foreseen(24 + 5, 100, 200, 239),  # too low
            foreseen(24 + 9, 241, 300, 400),  # too high
        ]
    )

    assert {n: c for n, c in enumerate(result.counts) if c} == {5: 2.0, 9: 1.0}
    assert {n: c for n, c in enumerate(result.within) if c} == {5: 1.0}
    assert result.below.sum(axis=1).tolist() == [1.0, 2.0, 2.0]
    assert result.periods == 2
    assert result.share == pytest.approx(1 / 3)


def test_a_forecast_is_met_to_the_minor_unit_that_it_is_rounded_to() -> None:
    low = MoneyRange(p10=Decimal("240.01"), p50=Decimal("240.01"), p90=Decimal("240.01"))
    lower = MoneyRange(p10=Decimal("240.02"), p50=Decimal("240.02"), p90=Decimal("240.02"))

    assert found([advice(1, projected_spend=low)]).share == 1.0
    assert found([advice(1, projected_spend=lower)]).share == 0.0


@pytest.mark.parametrize(("first", "hours"), [(0, 23), (1, 24)])
def test_a_day_that_has_not_ended_or_is_not_known_from_its_start_is_left_out(
    first: int, hours: int
) -> None:
    result = found([foreseen(5, 0, 240, 999)], first=first, hours=hours)

    assert result.total == 0
    assert result.share is None
    assert reliability(result) == []
    assert calibration_note(result).startswith("Too few days")


def test_the_last_word_on_an_hour_counts_once() -> None:
    again = advice(5, recommendation_id="f" * 32)

    assert found([foreseen(5, 0, 1, 2), again]).total == 1
    assert found([foreseen(5, 0, 1, 2), again]).share == 1.0


def test_few_forecasts_are_said_to_be_few() -> None:
    assert calibration_note(found([advice(5)])).startswith("Too few forecasts to judge")
    whole_day = found([advice(n) for n in range(24)])
    assert calibration_note(whole_day).startswith("100.0% of 24 forecasts of 1 campaign-period")
    assert [row[2] for row in reliability(whole_day)] == ["0.0%", "100.0%", "100.0%"]


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_of_a_share_is_wilsons(hits: int, count: int, low: float, high: float) -> None:
    """Values as other programs give them."""
    assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)


def test_days_are_counted_only_where_they_end_in_the_stretch() -> None:
    assert found([advice(5)], hours=24).periods == 1
    assert DAY == 24 * HOUR
