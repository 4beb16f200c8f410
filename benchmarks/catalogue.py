"""All figures, in the order in which they are taken."""

from __future__ import annotations

from benchmarks import delivery_vs_kafka_streams

FIGURES = (delivery_vs_kafka_streams.FIGURE,)
