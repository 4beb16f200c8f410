"""Stops an experiment: what was decided until then can be decided again from the record alone."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from schemas import Experiment, ExperimentStatus, SchemaError
from workers.errors import UsageError


def stopped(
    known: Experiment, *, now: datetime, at: datetime | None, by: str, why: str
) -> Experiment:
    """Return the record that stops an experiment ``at`` a time, or else ``now``; both in UTC.

    Raises
    ------
    UsageError
        It was stopped already, or no record can say that time.
    """
    if known.status == ExperimentStatus.STOPPED:
        raise UsageError(
            f"experiment {known.experiment_id} was stopped already, at {known.stopped_at:%F %H:%M}"
        )
    try:
        return structs.replace(
            known,
            version=known.version + 1,
            status=ExperimentStatus.STOPPED,
            stopped_at=at or now,
            by=by,
            why=why,
        )
    except SchemaError as error:
        raise UsageError(str(error)) from error
