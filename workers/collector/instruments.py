"""What the collector counts for Prometheus; no label has an account, those are in the log."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from workers.metrics import PREFIX, tell_process

NAME: Final = "collector"
TOLD: Final = "told"
"""Outcome of a round without an error; others are the names of errors, such as ``throttled``."""


class Instruments:
    """Counters on one registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.rounds = Counter(
            f"{PREFIX}collector_rounds",
            "Rounds of an account, by what became of them.",
            ("platform", "outcome"),
            registry=registry,
        )
        self.records = Counter(
            f"{PREFIX}collector_records",
            "Records published: hours of campaigns (metrics.v1), edits (edits.v1).",
            ("platform", "topic"),
            registry=registry,
        )
        self.refused = Counter(
            f"{PREFIX}collector_refused",
            "What a platform told and no record may hold.",
            ("platform", "reason"),
            registry=registry,
        )
        self.failing = Gauge(
            f"{PREFIX}collector_failing_accounts",
            "Accounts whose last round ended in an error.",
            ("platform",),
            registry=registry,
        )
        tell_process(NAME, registry)
