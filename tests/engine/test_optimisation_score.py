"""The score keeps its laws, whatever campaign it is of."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.optimisation_score import PARTS, WEIGHTS, Basis, Scores, score, together
from engine.status import UNKNOWN

SHARES = st.floats(0.0, 1.0)
ROWS = st.fixed_dictionaries(
    {
        "open_gain": st.floats(0.0, 10.0),
        "ends_at": st.just(UNKNOWN) | st.floats(0.0, 3.0),
        "early": SHARES,
        "pace": st.just(UNKNOWN) | st.floats(0.0, 5.0),
        "efficiency": st.just(UNKNOWN) | st.floats(0.0, 5.0),
        "held": SHARES,
        "outage": st.booleans(),
        "behind": st.floats(0.0, 100.0),
        "evidence": st.floats(0.0, 0.999),
    }
)
MORE = st.floats(0.0, 2.0)


def basis(*rows: dict[str, Any]) -> Basis:
    return Basis(
        **{each.name: np.array([row[each.name] for row in rows]) for each in fields(Basis)}
    )


def points(row: dict[str, Any], **other: Any) -> float:  # noqa: ANN401 -- fields of a row
    return float(score(basis(row | other)).score[0])


PERFECT: dict[str, Any] = {
    "open_gain": 0.0,
    "ends_at": 1.0,
    "early": 0.0,
    "pace": 1.0,
    "efficiency": 1.0,
    "held": 0.0,
    "outage": False,
    "behind": 0.0,
    "evidence": 1.0,
}


def test_all_attained_is_a_hundred_and_nothing_attained_is_none() -> None:
    nothing = PERFECT | {"ends_at": 0.0, "pace": 0.0, "efficiency": 0.0, "held": 1.0}

    assert points(PERFECT) == 100.0
    assert points(nothing, open_gain=1e12, evidence=0.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("changed", "lost"),
    [
        ({"open_gain": 0.25}, 30.0 * 0.2),
        ({"ends_at": 0.8}, 25.0 * 0.75 * 0.2),
        ({"ends_at": 1.1}, 25.0 * 0.75 * 0.4),
        ({"early": 0.5}, 25.0 * 0.75 * 0.5),
        ({"pace": 0.5}, 25.0 * 0.25 * 0.5),
        ({"pace": 2.0}, 25.0 * 0.25 * 0.5),
        ({"efficiency": 0.7}, 20.0 * 0.3),
        ({"held": 0.4}, 15.0 * 0.4),
        ({"outage": True}, 15.0),
        ({"behind": 13.5}, 15.0 * 0.5),
        ({"evidence": 0.6}, 10.0 * 0.4),
    ],
)
def test_each_part_costs_what_its_formula_says(changed: dict[str, Any], lost: float) -> None:
    found = score(basis(PERFECT | changed))

    assert found.score[0] == pytest.approx(100.0 - lost)
    assert found.lacking.sum() == pytest.approx(lost)


@given(ROWS)
def test_a_score_is_the_points_of_its_parts_and_lies_between_0_and_100(row: dict[str, Any]) -> None:
    found = score(basis(row))

    assert 0.0 <= found.score[0] <= 100.0
    assert found.weight.sum() == pytest.approx(100.0)
    assert found.score[0] + found.lacking.sum() == pytest.approx(100.0)


@given(ROWS, MORE)
def test_following_advice_never_lowers_a_score(row: dict[str, Any], more: float) -> None:
    assert points(row) >= points(row, open_gain=row["open_gain"] + more) - 1e-9


@given(ROWS, st.floats(0.0, 5.0), st.floats(0.0, 5.0))
def test_a_pace_further_from_1_never_raises_a_score(
    row: dict[str, Any], one: float, other: float
) -> None:
    # On one side of 1 the further one is plain to see.
    near, far = sorted((one, other), key=lambda pace: abs(pace - 1.0))
    if (near - 1.0) * (far - 1.0) >= 0.0:
        assert points(row, pace=far) <= points(row, pace=near) + 1e-9


@given(ROWS, st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_an_end_further_from_the_budget_never_raises_a_score(
    row: dict[str, Any], one: float, other: float
) -> None:
    near, far = sorted((one, other), key=lambda end: abs(end - 1.0))
    if (near - 1.0) * (far - 1.0) >= 0.0:
        assert points(row, ends_at=far) <= points(row, ends_at=near) + 1e-9


@given(ROWS, SHARES, SHARES, st.sampled_from(["early", "held"]))
def test_money_gone_earlier_and_more_hours_held_never_raise_a_score(
    row: dict[str, Any], one: float, other: float, name: str
) -> None:
    less, more = sorted((one, other))
    assert points(row, **{name: more}) <= points(row, **{name: less}) + 1e-9


@given(ROWS, st.floats(0.0, 100.0), MORE)
def test_late_reports_and_a_suspected_outage_never_raise_a_score(
    row: dict[str, Any], behind: float, more: float
) -> None:
    assert points(row, behind=behind + more) <= points(row, behind=behind) + 1e-9
    assert points(row, outage=True) <= points(row, outage=False)


@given(ROWS, SHARES, MORE)
def test_a_cheaper_conversion_and_more_evidence_never_lower_a_score(
    row: dict[str, Any], some: float, more: float
) -> None:
    assert points(row, efficiency=some + more) >= points(row, efficiency=some) - 1e-9
    most = min(some + more, 1.0)
    assert points(row, evidence=most) >= points(row, evidence=some) - 1e-9


@given(ROWS)
def test_what_there_is_no_basis_for_is_left_out_and_the_others_count_for_more(
    row: dict[str, Any],
) -> None:
    found = score(basis(row | {"ends_at": UNKNOWN, "efficiency": UNKNOWN}))

    left = {name: weight for name, weight in zip(PARTS, found.weight[0], strict=True) if weight}
    assert left == pytest.approx(
        {name: 100.0 * dict(zip(PARTS, WEIGHTS, strict=True))[name] / 55.0 for name in left}
    )
    assert set(left) == {"advice", "data", "evidence"}


@given(st.lists(ROWS, min_size=1, max_size=20))
def test_a_campaigns_score_is_the_same_to_the_bit_in_any_batch(rows: list[dict[str, Any]]) -> None:
    assert score(basis(*rows)).score.tolist() == [points(row) for row in rows]


@given(st.lists(st.tuples(ROWS, st.integers(0, 10**6)), min_size=1, max_size=9))
def test_an_accounts_score_is_the_mean_of_its_campaigns_by_their_spend(
    rows: list[tuple[dict[str, Any], int]],
) -> None:
    single = score(basis(*(row for row, _ in rows)))
    spend = np.array([float(each) for _, each in rows])
    whole: Scores = together(single, spend)

    weights = spend if spend.sum() else np.ones(len(rows))
    assert whole.score[0] == pytest.approx(np.average(single.score, weights=weights))
    assert whole.score[0] + whole.lacking.sum() == pytest.approx(100.0)
    one = replace(single, score=single.score[:1], attained=single.attained[:1])
    alone = together(replace(one, weight=single.weight[:1]), np.array([5.0]))
    assert alone.score[0] == pytest.approx(single.score[0])
