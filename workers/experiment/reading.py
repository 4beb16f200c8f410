"""What the topics say of experiments and of their campaigns."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from schemas import CampaignKey, Experiment, Plan, decode_metrics
from schemas.topics import EXPERIMENTS, METRICS, PLANS
from workers.kafka import Connection
from workers.report.delivered import HOUR, Delivered
from workers.report.reading import Source, decoder
from workers.status.lateness import Lateness


@dataclass
class ExperimentLog:
    """Experiments by their names, and what is known of campaigns, once the metrics are read."""

    experiments: dict[str, Experiment] = field(default_factory=dict)
    """The last word on each."""
    plans: dict[CampaignKey, Plan] = field(default_factory=dict)
    delivered: Delivered = field(default_factory=Delivered)
    lateness: Lateness = field(default_factory=Lateness)

    @cached_property
    def as_of(self) -> int:
        """The end of the newest hour of all, in seconds; the log tells the time, no clock."""
        ends = [int(self.delivered.hours(key).starts[-1]) for key in self.delivered.campaigns()]
        return max(ends, default=-HOUR) + HOUR

    def zone_of(self, key: CampaignKey) -> str:
        """Return the zone that a campaign's days are of."""
        plan = self.plans.get(key)
        return self.delivered.zones.get(key, "UTC") if plan is None else plan.timezone


async def read_log(connection: Connection, prefix: str) -> tuple[ExperimentLog, int]:
    """Return what the topics of a prefix say now, and how many records could not be read.

    Raises
    ------
    UsageError
        One of the topics does not exist.
    WorkerError
        Kafka could not be reached, or refused.
    """
    log, source = ExperimentLog(), Source(connection=connection, prefix=prefix)
    async for experiments, _ in source.batches(EXPERIMENTS, decoder(Experiment)):
        log.experiments.update({each.experiment_id: each for each in experiments})
    async for plans, _ in source.batches(PLANS, decoder(Plan)):
        for plan in plans:
            key = CampaignKey(plan.platform, plan.account_id, plan.campaign_id)
            known = log.plans.get(key)
            if known is None or plan.version >= known.version:
                log.plans[key] = plan
    async for events, times in source.batches(METRICS, lambda value: decode_metrics(value).event):
        log.delivered.add(events)
        log.lateness.hear(events, times)
    return log, source.unreadable
