"""From the records of a campaign to its hours: restated, late, repeated reports are settled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from engine import hours, state
from engine.arrays import Ints, Rows
from engine.calendar import DAY, HOUR
from schemas import AuditEntry, Plan, SchemaError, decode, encode
from schemas.topics import METRICS, PLANS
from workers.delivery.api import Record
from workers.errors import WorkerError
from workers.explain.replica import Replica
from workers.explain.synthetic import Made
from workers.optimizer import tables
from workers.optimizer.books import Books
from workers.optimizer.draft import Draft
from workers.optimizer.learning import learn
from workers.optimizer.policy import MOST_DAYS, OptimizerPolicy
from workers.optimizer.reading import Fact, read_facts, waves
from workers.optimizer.wave import gather

_STEP = 2_000


class ReportedHour(NamedTuple):
    """One report of an hour, as far as the hours themselves do not keep it."""

    start: int
    """First second of the hour."""
    now: int
    """When it was told, in seconds."""
    conversions: float
    adds: bool
    """Whether it adds to the hour, and so says nothing of it as a whole."""
    bid: Decimal | None
    daily_budget: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """One campaign as its log has it."""

    key: bytes
    plan: Plan | None
    campaign: Rows
    """One row of `engine.state.CAMPAIGN`."""
    pattern: bytes
    """What was learned of its week."""
    hours: Rows
    """Its hours, shape (N,), in their order."""
    starts: Ints
    """First second of each, shape (N,)."""
    told: Sequence[ReportedHour]
    """All reports, in the order in which they came."""
    audit: Sequence[AuditEntry]
    live: bool
    """Whether reports came as the hours went by, and not in one file."""


def gathered(
    key: bytes,
    plan: Plan | None,
    metrics: Iterable[Record],
    audit: Iterable[AuditEntry],
    *,
    live: bool,
) -> Gathered:
    """Return a campaign by its records, as the optimizer would know it.

    Raises
    ------
    WorkerError
        No report of it can be used.
    """
    policy = OptimizerPolicy(restatement_days=MOST_DAYS)
    replica = Replica(policy, 0, 1)
    if plan is not None:
        replica.take(Made(policy.topic(PLANS), 0, 0, key, encode(plan)))
    facts = _learned(replica, policy, key, list(metrics))
    campaign = _campaign(replica, key)
    rows, starts = _hours(replica, key, campaign)
    return Gathered(
        key=key,
        plan=plan,
        campaign=campaign,
        pattern=replica.table(tables.METRICS).get(tables.pattern_key(key), b""),
        hours=rows,
        starts=starts,
        told=[_told(fact) for fact in facts],
        audit=list(audit),
        live=live,
    )


def _campaign(replica: Replica, key: bytes) -> Rows:
    campaign = state.unpack([replica.table(tables.METRICS).get(key, b"")])
    if not state.has_hours(campaign)[0]:
        raise WorkerError(
            f"no report of campaign {key.decode()} can be used",
            remedy="publish its hours first, or look into the dead letters: pacekeeper dlq list",
        )
    return campaign


def _learned(
    replica: Replica, policy: OptimizerPolicy, key: bytes, records: Sequence[Record]
) -> list[Fact]:
    """Learn all records as the optimizer does, without deciding anything; return what they told."""
    books, found = Books(), []
    for at in range(0, len(records), _STEP):
        draft = Draft(policy, replica, tables.METRICS)
        facts = [fact for fact in read_facts(draft, records[at : at + _STEP]) if fact.key == key]
        for some in waves(facts):
            wave = learn(draft, gather(draft, books, some))
            draft.writes[key] = state.pack(wave.campaigns)[0]
        replica.commit(policy.topic(METRICS), draft.done())
        found += facts
    return found


def _hours(replica: Replica, key: bytes, campaign: Rows) -> tuple[Rows, Ints]:
    newest, bits = int(campaign["newest"][0]) // DAY, int(campaign["days"][0])
    days = state.kept_days(bits, newest)
    table = replica.table(tables.METRICS)
    rows, at = hours.read([table.get(tables.hours_key(key, day), b"") for day in days])
    starts = hours.starts_of(rows, np.array(days, dtype=np.int64)[at])
    order = np.argsort(starts, kind="stable")
    return rows[order], starts[order]


def _told(fact: Fact) -> ReportedHour:
    event = fact.event
    return ReportedHour(
        start=fact.start,
        now=max(fact.now, fact.start + HOUR),
        conversions=float(event.conversions),
        adds=event.is_delta,
        bid=event.current_bid,
        daily_budget=event.daily_budget,
    )


def audit_entries(records: Iterable[Record]) -> list[AuditEntry]:
    """Return the audit entries that can be read, in the order of their times."""
    found = []
    for record in records:
        try:
            found.append(decode(record.value or b"", AuditEntry))
        except SchemaError:
            continue
    return sorted(found, key=lambda entry: entry.at)
