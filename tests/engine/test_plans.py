"""A plan as a row: its codes, and what stands for no plan."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import pytest

from engine import plans
from engine.errors import UnknownFormat
from schemas.fields import Autonomy, BudgetPeriod, Objective, Status
from schemas.plan import Actuator, Rollover, Strategy


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (plans.STATUSES, Status),
        (plans.STRATEGIES, Strategy),
        (plans.PERIODS, BudgetPeriod),
        (plans.ROLLOVERS, Rollover),
        (plans.AUTONOMIES, Autonomy),
        (plans.OBJECTIVES, Objective),
        (plans.ACTUATORS, Actuator),
    ],
)
def test_every_word_of_a_plan_has_one_code(names: tuple[str, ...], words: type[StrEnum]) -> None:
    assert sorted(names) == sorted(word.value for word in words)


def test_no_plan_has_version_0_no_budget_and_no_limit() -> None:
    rows = plans.unpack([b"", b""])
    assert rows.tobytes() == plans.no_plans(2).tobytes()
    assert rows["version"].tolist() == rows["amount"].tolist() == [0, 0]
    for name in ("daily_cap", "hourly_cap", "rollover_cap", "flight_last"):
        assert (rows[name] == plans.UNLIMITED).all()


def test_a_row_is_read_from_the_head_of_what_is_stored() -> None:
    row = plans.no_plans(1)
    row["version"], row["amount"], row["currency"] = 3, 12_345, b"JPY"
    rows = plans.unpack([row.tobytes() + b'{"the": "record"}', b"", row.tobytes()])
    assert rows["version"].tolist() == [3, 0, 3]
    assert rows[0].tobytes() == row.tobytes()


def test_a_row_keeps_apart_how_far_a_budget_and_a_multiplier_may_go_by_themselves() -> None:
    budget, multiplier = (each.ravel() for each in np.meshgrid(range(3), range(3)))
    rows = plans.no_plans(len(budget))
    rows["autonomy"] = plans.autonomy_codes(budget, multiplier)
    steers = np.ones(len(budget), dtype=np.bool_)

    assert plans.autonomy_for(rows, steers).tolist() == multiplier.tolist()
    assert plans.autonomy_for(rows, ~steers).tolist() == budget.tolist()


def test_a_row_of_an_older_release_has_one_autonomy_for_both() -> None:
    rows = plans.no_plans(3)
    rows["autonomy"] = range(3)

    assert plans.autonomy_for(rows, np.array([True, False, True])).tolist() == [0, 1, 2]


def test_a_plan_that_another_version_wrote_is_refused_by_number() -> None:
    row = plans.no_plans(1)
    row["format"] = 7
    with pytest.raises(UnknownFormat, match="a stored plan has format 7, this version reads 1"):
        plans.unpack([row.tobytes()])
