"""A histogram filled in bulk shows what Prometheus's own shows of the same values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.metrics_core import Metric

from workers.bulk_histogram import BulkHistogram

BOUNDS = (0.25, 0.5, 1.0, 4.0, 3600.0)
values = st.sampled_from(BOUNDS) | st.floats(-10.0, 10_000.0)


def shown(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    (family,) = registry.collect()
    assert isinstance(family, Metric)
    assert family.type == "histogram"
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@given(st.lists(st.lists(values), max_size=4))
def test_steps_of_values_are_counted_as_prometheus_counts_them_one_by_one(
    steps: list[list[float]],
) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    bulk = BulkHistogram("seen_ratio", "Seen.", BOUNDS, ours)
    one_by_one = Histogram("seen_ratio", "Seen.", buckets=BOUNDS, registry=theirs)
    for step in steps:
        bulk.observe(step)
        for value in step:
            one_by_one.observe(value)
    assert shown(ours) == pytest.approx(shown(theirs))
