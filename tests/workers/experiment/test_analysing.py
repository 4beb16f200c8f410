"""What is said of an experiment is what its log holds: reckoned by hand, and day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from msgspec import structs
from rich.console import Console

from engine.confidence_sequences import Mixture
from schemas import Experiment, Halves, MetricsEvent
from tests.workers.experiment.logs import FIRST, KEYS, NAMES, a_log, an_experiment, events, treated
from workers.experiment.analysing import analysed
from workers.experiment.page import print_analysis, print_list, sentence
from workers.experiment.reading import ExperimentLog

HALVES = {"design": "halves", "pairs": (Halves(control=NAMES[0], treatment=NAMES[1]),)}


def by_hand(told: Experiment, days: int, *, lift: float) -> list[float]:
    """Return the log ratios of the first campaign, by going through its hours one by one."""
    sums: dict[tuple[int, bool], float] = {}
    for each in events(told, days, lift=lift):
        since = each.window_start - datetime.combine(FIRST, datetime.min.time(), UTC)
        day, hour = since.days, since.seconds // 3_600
        if each.campaign_id != "41" or day < 0:
            continue
        if hour < told.burn_in_hours and day % told.block_days == 0:
            continue
        side = day // (2 * told.block_days), treated(told, KEYS[0], day)
        sums[side] = sums.get(side, 0.0) + float(each.conversions)
    pairs = days // (2 * told.block_days)
    return [float(np.log((sums[n, True] + 0.5) / (sums[n, False] + 0.5))) for n in range(pairs)]


@pytest.mark.parametrize("given", [{}, {"block_days": 3}, {"burn_in_hours": 0}])
def test_ratios_are_those_of_the_hours_one_by_one(given: dict[str, int]) -> None:
    told = an_experiment(**given)
    found = analysed(a_log(told, 25, lift=1.3), told)

    assert found.campaigns[0].log_ratios == pytest.approx(by_hand(told, 25, lift=1.3))
    assert found.days == 25 // (2 * told.block_days) * 2 * told.block_days


def test_an_effect_that_is_there_is_found_and_one_that_is_not_is_not() -> None:
    with_effect, without = (
        analysed(a_log(an_experiment(), 60, lift=x), an_experiment()) for x in (1.3, 1.0)
    )
    verdict = with_effect.verdict

    assert verdict.differs
    assert verdict.low is not None
    assert verdict.high is not None
    assert 0.0 < verdict.low < 0.3 < verdict.high
    assert verdict.p_value <= 0.05
    assert "brings more conversions" in sentence(with_effect)
    assert not without.verdict.differs
    assert "No difference" in sentence(without)


def test_nothing_is_said_too_early() -> None:
    told, least = an_experiment(), Mixture().burn_in
    early, enough = (analysed(a_log(told, 2 * n, lift=2.0), told) for n in (least - 1, least))

    assert (early.verdict.observations, early.verdict.low) == (least - 1, None)
    assert not early.verdict.differs
    assert "Too early" in sentence(early)
    assert enough.verdict.differs


@pytest.mark.parametrize("metric", ["conversions", "value", "value_per_cost"])
def test_halves_are_compared_day_by_day(metric: str) -> None:
    told = an_experiment(**HALVES, metric=metric)
    found = analysed(a_log(told, 30, lift=1.5), told)

    # All orders are worth the same and all hours cost the same: all three come to one.
    assert found.verdict.observations == found.days == 30
    assert found.verdict.estimate == pytest.approx(0.5, abs=0.1)
    assert [each.campaign_days for each in found.sides] == [30, 30]
    assert [each.cost for each in found.sides] == [30 * 24 * 20.0] * 2
    assert found.sides[1].value == 30.0 * found.sides[1].conversions


def test_days_are_those_of_the_plans_zone() -> None:
    told = an_experiment(burn_in_hours=0)
    berlin, utc = (
        analysed(a_log(told, 30, zone=zone, lift=3.0), told) for zone in ("Europe/Berlin", "UTC")
    )
    mixed = a_log(told, 30, zone="Europe/Berlin", lift=3.0)
    for key, plan in mixed.plans.items():
        mixed.plans[key] = structs.replace(plan, timezone="America/New_York")

    # A day of 23 hours lies among these: its hours are matched, and one is left out on both sides.
    assert berlin.verdict.estimate == pytest.approx(2.0, abs=0.15)
    assert utc.verdict.estimate == pytest.approx(2.0, abs=0.15)
    assert (analysed(mixed, told).verdict.estimate or 9.0) < 1.7


def test_hours_that_one_side_did_not_report_are_left_out_of_both() -> None:
    told, whole = an_experiment(), a_log(an_experiment(), 8)
    log = a_log(told, 0)
    lost = datetime.combine(FIRST, datetime.min.time(), UTC) + timedelta(hours=9)
    log.delivered.add(each for each in events(told, 8) if each.window_start != lost)
    before, after = (analysed(each, told).campaigns[0].log_ratios for each in (whole, log))
    hours = {
        (each.window_start - lost) // timedelta(hours=1): float(each.conversions)
        for each in events(told, 8)
        if each.campaign_id == "41"
    }
    sums = [sum(hours[24 * day + hour] for hour in range(-3, 15) if hour) for day in (0, 1)]
    mine, theirs = sums if treated(told, KEYS[0], 0) else sums[::-1]

    assert after[0] == pytest.approx(np.log((mine + 0.5) / (theirs + 0.5)))
    assert after[1:] == before[1:]


def test_pairs_wait_until_their_conversions_are_in_and_are_counted_at_what_they_will_be() -> None:
    told, log = an_experiment(), ExperimentLog()
    log.plans = a_log(told, 0).plans
    for each in events(told, 30):
        # Two days after the hour, there are twice as many.
        for late, share in ((65, 0.5), (65 + 2_880, 1.0)):
            again = structs.replace(
                each,
                conversions=each.conversions * Decimal(share),
                emitted_at=each.window_start + timedelta(minutes=late),
            )
            heard(log, again)
    found = analysed(log, told)

    # The pair of days 26 and 27 is over, but its last hour is not two days old.
    assert found.days == 26
    assert found.campaigns[0].log_ratios == pytest.approx(
        by_hand(told, 30, lift=1.0)[:13], abs=1e-3
    )


def heard(log: ExperimentLog, event: MetricsEvent) -> None:
    if event.emitted_at is not None and event.emitted_at < datetime(2026, 4, 1, tzinfo=UTC):
        log.delivered.add([event])
        log.lateness.hear([event], [int(event.emitted_at.timestamp())])


def test_what_comes_after_the_end_or_the_stop_is_no_part_of_it() -> None:
    log = a_log(an_experiment(), 30, lift=1.4)
    ended = an_experiment(end=FIRST + timedelta(days=12))
    stop = datetime(2026, 3, 13, 12, tzinfo=UTC)
    stopped = an_experiment(version=2, status="stopped", stopped_at=stop)

    assert analysed(log, ended).days == 12
    assert analysed(log, stopped).days == 10
    assert analysed(log, stopped).planned_days == 60
    assert analysed(log, ended).planned_days == 13


def test_an_experiment_that_has_not_begun_or_has_no_campaigns_says_so() -> None:
    log = a_log(an_experiment(), 5)
    later = an_experiment(start=date(2026, 9, 1))
    nobody = an_experiment(platform="meta")

    for told in (later, nobody):
        found = analysed(log, told)
        assert (found.days, found.verdict.observations, found.verdict.estimate) == (0, 0, None)
        assert found.verdict.p_value == found.verdict.e_value == 1.0


def test_the_page_shows_the_sides_the_effect_and_what_it_would_take_within_80_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = an_experiment(why="Does it pay?\x1b[2J")
    found = analysed(a_log(told, 60, lift=1.3), told)
    print_analysis(Console(width=80), found)
    print_list(Console(width=80), [found])
    shown = capsys.readouterr().out

    for text in (
        "the treatment sets target_cpa 12",
        "verdict   They differ",
        "60 days tell",
        "e-value",
    ):
        assert text in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "\x1b" not in shown
