"""Which segment of a campaign loses, from what its days say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.arrays import Bools, Floats
from engine.intervals import ORDERS_VARY
from engine.segments import Judged, Segments, Yardsticks, judge, losing
from schemas import Aims, Objective
from workers.adviser.evidence import DIMENSIONS, Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The segments of one campaign, judged; arrays of shape (S,)."""

    names: list[tuple[str, str]]
    """Dimension and name; no name for what reports do not name."""
    segments: Segments
    judged: Judged
    by_value: bool
    """Whether what is bought is revenue, not conversions."""
    has_target: bool
    """Whether the plan gives a target; else the rest of the campaign is the yardstick."""
    spend: Floats
    conversions: Floats
    expected: Floats
    """Value that the yardstick would have brought for the same cost."""

    @property
    def chances(self) -> tuple[float, ...]:
        """The chances of all that was tested."""
        return tuple(self.judged.chance[self.judged.tested].tolist())

    def losing(self, others: Floats) -> Bools:
        """Return which segments lose; ``others`` are chances of the account's other campaigns."""
        return losing(self.judged, others)


def look(evidence: Evidence, aims: Aims) -> Look | None:
    """Return how the segments of a campaign do; None where nothing can be said of any."""
    by_value = _by_value(aims)
    value, unit = _value(evidence, aims, by_value=by_value)
    if unit <= 0.0 or not len(value):
        return None
    names, columns = _segments(evidence, value)
    if not names:
        return None
    table = np.array(columns)
    segments = _of_one(names, cost=table[:, 0], value=table[:, 1])
    target = _target(aims)
    yardsticks = Yardsticks(
        target=np.array([target]),
        unit=np.array([unit]),
        dispersion=np.array([1.0 + ORDERS_VARY**2 if by_value else 1.0]),
    )
    judged = judge(segments, yardsticks)
    return Look(
        names=names,
        segments=segments,
        judged=judged,
        by_value=by_value,
        has_target=not np.isnan(target),
        spend=table[:, 2],
        conversions=table[:, 3],
        expected=segments.cost * judged.target,
    )


def _of_one(names: Sequence[tuple[str, str]], *, cost: Floats, value: Floats) -> Segments:
    """Return the segments of one campaign."""
    return Segments(
        campaign=np.zeros(len(names), dtype=np.int64),
        dimension=np.array([DIMENSIONS.index(each) for each, _ in names], dtype=np.int64),
        named=np.array([bool(name) for _, name in names]),
        cost=cost,
        value=value,
    )


def _by_value(aims: Aims) -> bool:
    if aims.target_roas is not None or aims.target_cpa is not None:
        return aims.target_roas is not None
    return aims.objective is Objective.VALUE


def _target(aims: Aims) -> float:
    if aims.target_roas is not None:
        return aims.target_roas
    return float("nan") if aims.target_cpa is None else 1.0 / float(aims.target_cpa)


def _value(evidence: Evidence, aims: Aims, *, by_value: bool) -> tuple[Floats, float]:
    """Return the value of each row, and that of one conversion (0 where it is not known)."""
    if not by_value:
        return evidence.conversions, 1.0
    conversions, revenue = evidence.conversions.sum(), evidence.revenue.sum()
    if revenue > 0.0 and conversions > 0.0:
        return evidence.revenue, float(revenue / conversions)
    order = 0.0 if aims.avg_order_value is None else float(aims.avg_order_value)
    return evidence.conversions * order, order


def _segments(
    evidence: Evidence, value: Floats
) -> tuple[list[tuple[str, str]], list[tuple[float, ...]]]:
    """Return dimension and name of each segment, with its cost, value, spend and conversions."""
    names: list[tuple[str, str]] = []
    columns: list[tuple[float, ...]] = []
    counted = (evidence.cost, value, evidence.spend, evidence.conversions)
    for number, dimension in enumerate(DIMENSIONS):
        known, which = evidence.kinds(number)
        if not known:
            continue
        sums = [np.bincount(which + 1, each, len(known) + 1) for each in counted]
        names += [(dimension, each) for each in ("", *known)]
        columns += [tuple(map(float, each)) for each in zip(*sums, strict=True)]
    return names, columns
