"""The local day of one instant is that of the wall clock, whatever was asked before it."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from workers.instants import day_number
from workers.optimizer.zones import ZoneBook


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe", "America/St_Johns"]
)
def test_the_day_of_an_instant_is_that_on_the_wall_in_whatever_order_it_is_asked(name: str) -> None:
    zones, chance = ZoneBook(), random.Random(name)
    # Around the turn of a year in which Samoa left a day out, and both changes of the clock.
    begins = int(datetime(2011, 1, 1, tzinfo=UTC).timestamp())
    instants = [begins + 900 * chance.randrange(4 * 24 * 380) - offset for offset in (0, 1) * 200]
    near = [instant + chance.randint(-7_200, 7_200) for instant in instants]

    for instant in (each for pair in zip(instants, near, strict=True) for each in pair):
        on_the_wall = datetime.fromtimestamp(instant, ZoneInfo(name)).date()
        assert zones.local_day(name.encode(), instant) == day_number(on_the_wall)
