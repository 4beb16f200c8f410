"""A row's numbers are those that its names say: money that is swapped would be published."""

from __future__ import annotations

from dataclasses import fields
from itertools import count
from typing import Any

import numpy as np

from engine import in_force, plans, state
from engine.decide import Decisions
from engine.horizon import Horizon
from engine.policy import Ruling
from engine.risk import Outlook
from engine.situation import Clock
from workers.optimizer.columns import Row, rows
from workers.optimizer.deciding import Decided, Due

NOW = 10**6
_numbers = count(1)


def filled(kind: Any, **given: Any) -> Any:  # noqa: ANN401 -- a dataclass of columns
    """Return a dataclass in which each column has a number of its own."""
    own = {each.name: np.array([next(_numbers)]) for each in fields(kind) if each.name not in given}
    return kind(**own, **given)


def test_each_field_of_a_row_holds_the_column_that_it_is_named_after() -> None:
    clock, horizon, outlook, ruling = (filled(kind) for kind in (Clock, Horizon, Outlook, Ruling))
    parts = {"clock": clock, "horizon": horizon, "outlook": outlook, "ruling": ruling}
    made = filled(Decisions, **parts)
    planned, forced = plans.no_plans(1), in_force.nothing_in_force(1)
    campaigns = state.new_campaigns(1)
    planned["exponent"], planned["autonomy"], planned["version"], planned["offset"] = 2, 1, 901, 902
    forced["offset"], campaigns["offset"] = 903, 904
    due = filled(Due, plans=planned, campaigns=campaigns, now=np.array([NOW]))
    (row,) = rows(Decided(due=due, in_force=forced, decisions=made, prior_versions=np.array([905])))
    renamed = {
        "now": NOW,
        "lag": (NOW - clock.reported_until[0]) // 3_600,
        "pace": outlook.index[0],
        "exponent": 2,
        "autonomy": 1,
        "plan_version": 901,
        "plan_offset": 902,
        "audit_offset": 903,
        "metrics_offset": 904,
        "prior_version": 905,
    }
    for name in Row._fields:
        of_its_name = next(
            (x for x in (made, clock, horizon, outlook, ruling) if hasattr(x, name)), 0
        )
        expected = renamed[name] if name in renamed else getattr(of_its_name, name)[0]
        assert getattr(row, name) == expected, name
