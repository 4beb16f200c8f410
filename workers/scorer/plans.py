"""Plans, as far as they say which stretch of time a projection is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas import Plan
from workers.delivery.api import Record, Step, View
from workers.scorer.draft import Draft
from workers.scorer.policy import ScorerPolicy
from workers.scorer.rows import PLANS, PlanRow, Terms

MOST: Final = 16
"""Versions that are kept of a plan: of an older one nothing is scored."""


def plans_step(policy: ScorerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the newest versions of each campaign's plan; a deleted one is asked about still."""
    draft = Draft(policy, view, PLANS)
    some = [record for record in records if record.value is not None]
    for plan, record in draft.readable(some, Plan):
        row = draft.row(plan.key, PlanRow)
        versions = {plan.version: _terms(plan, record.timestamp // 1_000)} | row.versions
        newest = sorted(versions)[-MOST:]
        after = PlanRow({version: versions[version] for version in newest})
        if after != row:
            draft.keep(plan.key, after)
    return draft.done()


def _terms(plan: Plan, since: int) -> Terms:
    return Terms(
        since=since,
        timezone=plan.timezone,
        period=plan.budget.period.value,
        first="" if plan.flight_start is None else plan.flight_start.isoformat(),
        last="" if plan.flight_end is None else plan.flight_end.isoformat(),
    )
