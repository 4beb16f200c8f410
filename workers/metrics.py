"""A worker's instruments for Prometheus, on a registry of its own.

Names carry units. No label has a campaign, an account or anything else without bound: those are
in the log, the audit trail and the topics. What a step counts, it says by the short names of
:data:`COUNTERS` and :data:`HISTOGRAMS`; it is added once the step is committed.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
)

from workers.bulk_histogram import BulkHistogram
from workers.delivery.api import Step
from workers.delivery.lag import Lag
from workers.version import installed_version

PREFIX = "pacekeeper_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """What is counted or observed, and how Prometheus sees it."""

    name: str
    """Without prefix and without the ``_total`` of counters."""
    about: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_HOUR = 3600.0
_DURATIONS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

COUNTERS: Mapping[str, Instrument] = {
    "events": Instrument(
        name="events",
        about="Metrics events, by what became of them.",
        labels=("outcome",),
    ),
    "suspects": Instrument(
        name="suspect_events",
        about="Events taken in whose numbers are doubtful, such as more clicks than impressions.",
        labels=("reason",),
    ),
    "unknown_fields": Instrument(
        name="unknown_fields", about="Fields of events that no version of the schema knows."
    ),
    "breakdowns": Instrument(
        name="breakdowns",
        about="Closed days told by slice, and hours whose breakdown said more than their total.",
        labels=("outcome",),
    ),
    "decisions": Instrument(name="decisions", about="Recommendations published.", labels=("kind",)),
    "holds": Instrument(
        name="holds", about="Decisions to leave a campaign alone.", labels=("reason",)
    ),
    "outages": Instrument(
        name="outages",
        about="Outages of tracking of a campaign or an account: suspected, over, or lifted.",
        labels=("kind", "outcome"),
    ),
    "anomalies": Instrument(
        name="anomalies",
        about="Counts of closed days suspected to be wrong, of a campaign or an account: which and "
        "in what way, such as clicks_outage, and whether it is suspected or over.",
        labels=("kind", "outcome"),
    ),
    "actions": Instrument(name="actions", about="Actions released.", labels=("released_by",)),
    "audit_entries": Instrument(
        name="audit_entries", about="Entries written to the audit trail.", labels=("status",)
    ),
    "movements": Instrument(
        name="movement_answers",
        about="Answers to raises of budgets in groups with a movement cap: granted or refused.",
        labels=("outcome",),
    ),
    "platform_orders": Instrument(
        name="platform_orders",
        about="Changes on platforms that have ended, and how; auth_failed wants a person.",
        labels=("platform", "result"),
    ),
    "platform_edits": Instrument(
        name="platform_edits",
        about="Values on platforms that no order of ours has set, by who has: person, other_app, "
        "rule, us where an order was late, or unexplained: our credentials, so see who uses them.",
        labels=("platform", "kind"),
    ),
    "outcomes": Instrument(
        name="outcomes",
        about="Outcomes told of advice that was followed: of which kind, after how many days, how "
        "it stands to what was projected, and whether it is the first word or a correction.",
        labels=("kind", "horizon", "verdict", "outcome"),
    ),
    "healed": Instrument(
        name="healed_records",
        about="Records published once more, because they sat in the wrong partition.",
        labels=("topic",),
    ),
    "repeats": Instrument(
        name="repeated_records",
        about="Records that had their effect when they came before, and have no second one.",
        labels=("topic",),
    ),
    "ignored": Instrument(
        name="ignored_records",
        about="Times a record was passed over: it asks nothing of this worker, or cannot be read.",
        labels=("topic", "reason"),
    ),
}
"""What steps may count: ``Step.counts[(short name, *label values)] = how many``."""

HISTOGRAMS: Mapping[str, Instrument] = {
    "event_age": Instrument(
        name="event_age_seconds",
        about="Time from the end of a campaign-hour to its event.",
        buckets=(60, 300, 900, 1800, _HOUR, 2 * _HOUR, 4 * _HOUR, 12 * _HOUR, 24 * _HOUR),
    ),
    "pace_index": Instrument(
        name="pace_index_ratio",
        about="Spend so far over planned spend so far, once per decision; 1 is on plan.",
        buckets=(0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.3, 1.5, 2.0, 4.0),
    ),
    "spend_over_cap": Instrument(
        name="spend_over_cap_ratio",
        about="Spend beyond a cap or budget over it, once per local day, week, month or flight "
        "that ended above it.",
        buckets=(0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
}
"""What steps may observe: ``Step.observations[short name] = values``."""

_TRANSACTIONS = Instrument(name="transactions", about="Steps committed.", labels=("agent",))
_STEP_RECORDS = Instrument(
    name="step_records",
    about="Records of one step.",
    labels=("agent",),
    buckets=(1.0, 4.0, 16.0, 64.0, 256.0, 1_000.0, 4_000.0, 16_000.0, 64_000.0),
)
_STEP_DURATION = Instrument(
    name="step_duration_seconds",
    about="Time from the start of a step to its commit.",
    labels=("agent",),
    buckets=_DURATIONS,
)
_DEAD_LETTERS = Instrument(
    name="dead_letters", about="Records that could not be read.", labels=("topic", "reason")
)
_RECOVERY_DURATION = Instrument(
    name="recovery_duration_seconds",
    about="Time to load one partition of a table.",
    labels=("agent",),
    buckets=_DURATIONS,
)
_RECOVERED_RECORDS = Instrument(
    name="recovered_records",
    about="Changelog records read while loading tables.",
    labels=("agent",),
)
_LAG_RECORDS = Instrument(
    name="lag_records", about="Records that wait to be read.", labels=("topic", "partition")
)
_LAG_SECONDS = Instrument(
    name="lag_seconds",
    about="Age of the oldest record that waits to be read; 0 when none waits.",
    labels=("topic", "partition"),
)


class Metrics:
    """The instruments of one worker; what delivery calls its observer."""

    def __init__(self, worker: str, registry: CollectorRegistry) -> None:
        self.registry = registry
        self._counters = {short: _counter(each, registry) for short, each in COUNTERS.items()}
        self._histograms = {
            short: BulkHistogram(PREFIX + each.name, each.about, each.buckets, registry)
            for short, each in HISTOGRAMS.items()
        }
        self._transactions = _counter(_TRANSACTIONS, registry)
        self._records = _histogram(_STEP_RECORDS, registry)
        self._duration = _histogram(_STEP_DURATION, registry)
        self._dead_letters = _counter(_DEAD_LETTERS, registry)
        self._recovery = _histogram(_RECOVERY_DURATION, registry)
        self._recovered = _counter(_RECOVERED_RECORDS, registry)
        self._lag_records = _gauge(_LAG_RECORDS, registry)
        self._lag_seconds = _gauge(_LAG_SECONDS, registry)
        self._lanes: set[tuple[str, str]] = set()
        tell_process(worker, registry)

    def step_committed(self, agent: str, records: int, seconds: float, step: Step) -> None:
        """Count a committed step of ``records`` records that took ``seconds``, and what it counted.

        Raises
        ------
        KeyError
            The step counts by a name that is not declared here.
        """
        self._transactions.labels(agent).inc()
        self._records.labels(agent).observe(records)
        self._duration.labels(agent).observe(seconds)
        for (short, *labels), amount in step.counts.items():
            counter = self._counters[short]
            (counter.labels(*labels) if labels else counter).inc(amount)
        for short, values in step.observations.items():
            self._histograms[short].observe(values)

    def loaded(self, agent: str, partition: int, seconds: float, records: int) -> None:  # noqa: ARG002
        """Note that a partition of a table was read back from ``records`` changelog records."""
        self._recovery.labels(agent).observe(seconds)
        self._recovered.labels(agent).inc(records)

    def lags(self, lags: Sequence[Lag]) -> None:
        """Show how far the lanes are behind, and forget those that another worker has now."""
        shown = {(lag.topic, str(lag.partition)): lag for lag in lags}
        for lane in self._lanes - shown.keys():
            self._lag_records.remove(*lane)
            self._lag_seconds.remove(*lane)
        for lane, lag in shown.items():
            self._lag_records.labels(*lane).set(lag.records)
            self._lag_seconds.labels(*lane).set(lag.seconds)
        self._lanes = set(shown)

    def dead_letter(self, topic: str, reason: str) -> None:
        """Count a record of ``topic`` that was put aside."""
        self._dead_letters.labels(topic, reason).inc()


def tell_process(worker: str, registry: CollectorRegistry) -> None:
    """Let a registry tell what runs, and what the process takes."""
    build = Info(f"{PREFIX}build", "What is running.", registry=registry)
    build.info(
        {
            "worker": worker,
            "version": installed_version(),
            "python": platform.python_version(),
        }
    )
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)


def _counter(instrument: Instrument, registry: CollectorRegistry) -> Counter:
    return Counter(PREFIX + instrument.name, instrument.about, instrument.labels, registry=registry)


def _gauge(instrument: Instrument, registry: CollectorRegistry) -> Gauge:
    return Gauge(PREFIX + instrument.name, instrument.about, instrument.labels, registry=registry)


def _histogram(instrument: Instrument, registry: CollectorRegistry) -> Histogram:
    return Histogram(
        PREFIX + instrument.name,
        instrument.about,
        instrument.labels,
        buckets=instrument.buckets,
        registry=registry,
    )
