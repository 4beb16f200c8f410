"""The first day of an experiment: one that nobody has decided about yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
from msgspec import structs

from engine.calendar import Calendar, local_day
from engine.zones import zone_days
from schemas import CampaignKey, Experiment, Overrides, SchemaError
from schemas.zones import zone
from workers.errors import UsageError
from workers.experiment.reading import ExperimentLog
from workers.instants import date_of, day_number


def begun(
    log: ExperimentLog, told: Experiment, keys: Iterable[CampaignKey], given: date | None
) -> Experiment:
    """Return the experiment with its first local day: the next one, if none is given.

    Raises
    ------
    UsageError
        The day has begun, and something is set on it; or the experiment would end before it.
    """
    return _dated(told, _start(log, told, keys, given))


def _start(
    log: ExperimentLog, told: Experiment, keys: Iterable[CampaignKey], given: date | None
) -> date:
    """Return the first day: no day that has been decided about, unless nothing is set on it."""
    today = max(_day(log, key) for key in keys)
    passive = told.control == told.treatment == Overrides()
    if given is None:
        return date_of(today + 1)
    if day_number(given) <= today and not passive:
        raise UsageError(
            f"{given} has begun, by the newest hour that was reported",
            remedy=f"begin on {date_of(today + 1)} or later: what was decided stays as it was",
        )
    return given


def _dated(told: Experiment, start: date) -> Experiment:
    try:
        return structs.replace(told, start=start)
    except SchemaError as error:
        raise UsageError(str(error), remedy=f"it begins on {start}: end it later") from error


def _day(log: ExperimentLog, key: CampaignKey) -> int:
    calendar = Calendar.of([zone_days(zone(log.zone_of(key)))])
    return int(local_day(calendar, np.zeros(1, np.int64), np.array([log.as_of]))[0])
