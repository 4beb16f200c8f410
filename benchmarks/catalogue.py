"""All figures, in the order in which they are taken."""

from __future__ import annotations

from benchmarks import (
    analysis,
    changelog_size,
    delivery_vs_kafka_streams,
    freeze_latency,
    hundred_thousand_campaigns,
    large_group,
    load_share,
    optimizer_speed,
    optimizer_vs_quix_streams,
    optimizer_vs_stock_faust,
    recommendation_latency,
    resident_memory,
    takeover,
)
from benchmarks.allocation import figures as allocation
from benchmarks.anomalies import figures as anomalies
from benchmarks.bidding import figures as bidding
from benchmarks.closed_days import figures as closed_days
from benchmarks.cohorts import figures as cohorts
from benchmarks.execution import figures as execution
from benchmarks.experiments import figures as experiments
from benchmarks.pacing import figures as pacing
from benchmarks.response import figures as response

FIGURES = (
    optimizer_speed.FIGURE,
    optimizer_vs_stock_faust.FIGURE,
    optimizer_vs_quix_streams.FIGURE,
    hundred_thousand_campaigns.FIGURE,
    resident_memory.FIGURE,
    recommendation_latency.FIGURE,
    freeze_latency.FIGURE,
    changelog_size.FIGURE,
    takeover.FIGURE,
    load_share.FIGURE,
    delivery_vs_kafka_streams.FIGURE,
    *pacing.FIGURES,
    *allocation.FIGURES,
    *large_group.FIGURES,
    *response.FIGURES,
    *anomalies.FIGURES,
    *closed_days.FIGURES,
    *bidding.FIGURES,
    *cohorts.FIGURES,
    *experiments.FIGURES,
    *execution.FIGURES,
    *analysis.FIGURES,
)
