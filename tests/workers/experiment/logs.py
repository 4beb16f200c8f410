"""Logs of campaigns under an experiment, drawn by chance: the same seed is the same log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from engine.experiments import coin
from schemas import CampaignKey, Design, Experiment, MetricsEvent, Overrides
from tests.workers.optimizer.world import a_plan
from workers.experiment.reading import ExperimentLog

FIRST = date(2026, 3, 2)
KEYS = tuple(CampaignKey("google", "7", str(number)) for number in (41, 42))
NAMES = tuple(bytes(key).decode() for key in KEYS)


def an_experiment(**fields: Any) -> Experiment:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "experiment_id": "cpa-12",
        "version": 1,
        "campaigns": () if {"pairs", "platform"} & fields.keys() else NAMES,
        "treatment": Overrides(target_cpa=Decimal(12)),
        "start": FIRST,
        "by": "ada",
    }
    return Experiment(**(given | fields))


def treated(told: Experiment, key: CampaignKey, day: int) -> bool:
    """Say whose day it is, from the coin alone."""
    if told.design == Design.HALVES:
        return bytes(key).decode() in [pair.treatment for pair in told.pairs]
    pair, rest = divmod(day, 2 * told.block_days)
    return coin(told.experiment_id, bytes(key), pair) ^ (rest >= told.block_days)


def events(
    told: Experiment, days: int, *, lift: float = 1.0, rate: float = 3.0, zone: str = "UTC"
) -> Iterator[MetricsEvent]:
    """Yield hours of both campaigns; on days of the treatment there are ``lift`` times as many."""
    rng = np.random.default_rng(11)
    start = datetime.combine(told.start, datetime.min.time(), ZoneInfo(zone))
    last = datetime.combine(told.start + timedelta(days=days), datetime.min.time(), ZoneInfo(zone))
    at = start.astimezone(UTC) - timedelta(days=14)
    while at < last.astimezone(UTC):
        day = (at.astimezone(ZoneInfo(zone)).date() - told.start).days
        for key in KEYS:
            factor = lift if day >= 0 and treated(told, key, day) else 1.0
            conversions = int(rng.poisson(rate * factor))
            yield MetricsEvent(
                platform=key.platform,
                account_id=key.account_id,
                campaign_id=key.campaign_id,
                window_start=at,
                impressions=1_000,
                clicks=50,
                spend=Decimal(20),
                conversions=Decimal(conversions),
                revenue=Decimal(30 * conversions),
                currency="EUR",
                emitted_at=at + timedelta(minutes=65),
            )
        at += timedelta(hours=1)


def a_log(told: Experiment, days: int, *, zone: str = "UTC", **given: float) -> ExperimentLog:
    """Return what the topics say after so many days of an experiment."""
    log = ExperimentLog(experiments={told.experiment_id: told})
    for key in KEYS:
        log.plans[key] = a_plan(campaign_id=key.campaign_id, timezone=zone)
    told_hours = list(events(told, days, zone=zone, **given))
    log.delivered.add(told_hours)
    times = [int(each.window_start.timestamp()) + 3_900 for each in told_hours]
    log.lateness.hear(told_hours, times)
    return log
