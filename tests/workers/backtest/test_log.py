"""Events in any order become the hours of each campaign's own days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from schemas import MetricsEvent, RecordMode
from workers.backtest.events import Heap
from workers.backtest.log import Log, grid

START = datetime(2026, 3, 2, tzinfo=UTC)


def event(hour: int, spend: float, **more: object) -> MetricsEvent:
    values: dict[str, object] = {
        "platform": "google",
        "account_id": "1",
        "campaign_id": "a",
        "window_start": START + timedelta(hours=hour),
        "impressions": 10,
        "clicks": 1,
        "spend": Decimal(str(spend)),
    }
    return MetricsEvent(**{**values, **more})  # type: ignore[arg-type]


def log_from(*events: MetricsEvent) -> Log:
    heap = Heap()
    for each in events:
        heap.add(each)
    return grid(heap.campaigns, {})


def day(*events: MetricsEvent) -> list[MetricsEvent]:
    """Return events, and hours around them that make their days whole."""
    return [event(0, 0.0), event(47, 0.0), *events]


def test_the_last_word_on_an_hour_counts_unless_an_earlier_one_has_a_higher_number() -> None:
    log = log_from(*day(event(3, 1.0), event(3, 2.5)))
    assert log.spend[0, 3] == 2.5
    log = log_from(*day(event(3, 1.0, sequence_number=7), event(3, 2.5, sequence_number=6)))
    assert log.spend[0, 3] == 1.0


def test_deltas_add_up_and_each_counts_once() -> None:
    def delta(spend: float, name: str) -> MetricsEvent:
        return event(3, spend, record_mode=RecordMode.DELTA, event_id=name)

    log = log_from(*day(delta(2.0, "x"), delta(-0.5, "y"), delta(2.0, "x")))
    assert log.spend[0, 3] == 1.5


def test_an_hour_takes_events_of_one_mode_only() -> None:
    heap = Heap()
    heap.add(event(3, 1.0))
    heap.add(event(3, 1.0, record_mode=RecordMode.DELTA, event_id="x"))
    assert (heap.taken, dict(heap.refused)) == (1, {"mixed_modes": 1})
    assert heap.campaigns["google:1:a"].hours[START + timedelta(hours=3)].spend == 1.0


def test_days_are_the_accounts_own_and_a_day_that_the_log_cuts_is_left_out() -> None:
    # Tokyo is nine hours ahead: its first whole day begins at 15:00 UTC.
    events = [event(hour, float(hour), account_timezone="Asia/Tokyo") for hour in range(48)]
    log = log_from(*events)
    assert log.days == 1
    assert log.spend[0].tolist() == [float(hour) for hour in range(15, 39)]
    assert log.weekdays.tolist() == [[1]]


def test_the_hour_that_autumn_repeats_holds_both_and_the_one_that_spring_omits_nothing() -> None:
    autumn = datetime(2026, 10, 24, 22, tzinfo=UTC)  # Sunday midnight in Berlin, 25 hours
    hours = [
        event(0, 1.0, window_start=autumn + timedelta(hours=hour), account_timezone="Europe/Berlin")
        for hour in range(25)
    ]
    assert log_from(*hours).spend[0].tolist() == [1.0, 1.0, 2.0, *[1.0] * 21]
    spring = datetime(2026, 3, 28, 23, tzinfo=UTC)
    hours = [
        event(0, 1.0, window_start=spring + timedelta(hours=hour), account_timezone="Europe/Berlin")
        for hour in range(23)
    ]
    log = log_from(*hours)
    assert log.spend[0].tolist() == [1.0, 1.0, 0.0, *[1.0] * 21]
    assert not log.reported[0, 2]


def test_a_day_without_reports_is_a_gap_and_what_is_not_told_is_not_known() -> None:
    log = log_from(event(0, 1.0, current_bid=Decimal(2)), event(24 * 3 - 1, 1.0))
    assert log.lived.tolist() == [[True, False, True]]
    assert log.bid[0, 0] == 2.0
    assert np.isnan(log.bid[0, 1:]).all()


def test_campaigns_that_began_later_have_their_own_first_day() -> None:
    late = [event(hour, 1.0, campaign_id="b") for hour in range(24, 48)]
    log = log_from(*day(event(5, 1.0)), *late)
    assert (log.first_day[1] - log.first_day[0], log.campaigns) == (1, ("google:1:a", "google:1:b"))
    assert log.weekdays[:, 0].tolist() == [0, 1]
    assert log.lived.tolist() == [[True, True], [True, False]]
