"""How sure a decision is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.confidence import confidence, of_shape, suspect_day
from engine.horizon import clock_of
from engine.plans import STRATEGIES
from engine.situation import Evidence, Situation
from tests.engine.situations import MONDAY, One, situations

quick = settings(max_examples=40, deadline=None)
shares = st.floats(0.0, 1.0)
days = st.floats(0.0, 1e6)
DAYPARTING = {"strategy": STRATEGIES.index("dayparting")}
SUSPECT = {"day_counts": (10, 11, 0)}


def sure(situation: Situation) -> float:
    return float(confidence(situation, clock_of(situation))[0])


def shape(own: float, pooled: float) -> float:
    return float(of_shape(Evidence(own=np.array([own]), pooled=np.array([pooled])))[0])


@given(situations())
@quick
def test_confidence_lies_in_0_to_1(situation: Situation) -> None:
    made = confidence(situation, clock_of(situation))
    assert ((made >= 0.0) & (made <= 1.0)).all()


@given(shares, days, shares, days)
@quick
def test_more_evidence_of_either_kind_never_lowers_it(
    own: float, pooled: float, more: float, longer: float
) -> None:
    before = shape(own, pooled)
    assert 0.0 <= before <= 1.0
    assert shape(max(own, more), pooled) >= before - 1e-12
    assert shape(own, pooled + longer) >= before - 1e-12


@given(situations(most=1), st.integers(0, 48))
@quick
def test_later_reports_never_raise_it(situation: Situation, hours: int) -> None:
    """From the end of the newest hour on: before it, what is reported grows with the clock."""
    over = situation.campaigns["newest"] + 3_600
    sooner = replace(situation, now=np.maximum(situation.now, over))
    later = replace(sooner, now=sooner.now + hours * 3_600)
    assert sure(later) <= sure(sooner)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # Nothing learned is needed, all is reported, the counts agree.
        ({}, 1.0),
        ({"own": 0.0, "pooled": 0.0}, 1.0),
        ({"campaign": SUSPECT}, 0.5),
        # Six hours later than the end of the newest hour.
        ({"now": MONDAY + 7 * 3_600}, 0.5),
        # Half of the newest hour is still to come.
        ({"now": MONDAY + 1_800}, 6.0 / 6.5),
        # Own evidence first; of the rest, 28 days of others make half.
        ({"plan": DAYPARTING, "own": 0.0, "pooled": 0.0}, 0.0),
        ({"plan": DAYPARTING, "own": 0.25, "pooled": 0.0}, 0.25),
        ({"plan": DAYPARTING, "own": 0.0, "pooled": 28.0}, 0.5),
        ({"plan": DAYPARTING, "own": 0.25, "pooled": 28.0}, 0.625),
        # A product of all three.
        (
            {
                "plan": DAYPARTING,
                "own": 0.25,
                "pooled": 28.0,
                "campaign": SUSPECT,
                "now": MONDAY + 7 * 3_600,
            },
            0.625 / 4,
        ),
    ],
)
def test_it_is_the_product_of_shape_freshness_and_agreement(
    one: dict[str, Any], expected: float
) -> None:
    assert sure(One(**one).situation()) == pytest.approx(expected)


@pytest.mark.parametrize(("clicks", "suspect"), [(9, False), (10, False), (11, True)])
def test_a_day_is_suspect_when_it_has_more_clicks_than_impressions(
    clicks: int, *, suspect: bool
) -> None:
    campaigns = One(campaign={"day_counts": (10, clicks, 50)}).situation().campaigns
    assert suspect_day(campaigns).tolist() == [suspect]
