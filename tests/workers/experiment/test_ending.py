"""An experiment is stopped once, and its last record says all that it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from schemas import ExperimentStatus
from tests.workers.experiment.logs import an_experiment
from workers.errors import UsageError
from workers.experiment.ending import stopped

NOW = datetime(2026, 4, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("at", [None, NOW, NOW + timedelta(days=3), NOW - timedelta(days=3)])
def test_the_record_that_stops_it_repeats_all_that_it_was(at: datetime | None) -> None:
    known = an_experiment()

    told = stopped(known, now=NOW, at=at, by="ada", why="seen enough")

    assert (told.status, told.stopped_at) == (ExperimentStatus.STOPPED, at or NOW)
    assert (told.version, told.by, told.why) == (known.version + 1, "ada", "seen enough")
    as_it_was = structs.replace(
        told,
        version=known.version,
        status=known.status,
        stopped_at=None,
        by=known.by,
        why=known.why,
    )
    assert as_it_was == known


def test_it_is_not_stopped_twice_nor_at_a_time_that_no_record_can_say() -> None:
    once = stopped(an_experiment(), now=NOW, at=None, by="ada", why="")
    with pytest.raises(UsageError, match="was stopped already, at 2026-04-02 12:00"):
        stopped(once, now=NOW, at=None, by="ada", why="")
    with pytest.raises(UsageError, match="stopped_at"):
        stopped(an_experiment(), now=NOW, at=datetime(2200, 1, 1, tzinfo=UTC), by="ada", why="")
