"""The agent of plans: keeps each campaign's newest plan, and what advice needs of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from schemas import Aims, BidTerms, Plan, decode
from schemas.bid_terms import terms_of
from workers.adviser.draft import Draft
from workers.adviser.policy import AdviserPolicy
from workers.adviser.tables import PLANS
from workers.delivery.api import Record, Step, View
from workers.told_records import told_plan


def plans_step(policy: AdviserPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the plans that the records of one partition bring.

    What cannot be read, or is not this partition's, is the optimizer's to put aside or send on: it
    reads the same topic, and one mistake is to be one dead letter.
    """
    draft = Draft(policy, view, PLANS)
    for key, plan, record in draft.overheard(records, told_plan):
        if plan is None:
            draft.writes[key] = None
        elif (known := plan_of(draft.read(key))) is None or plan.version > known.version:
            draft.writes[key] = record.value
        else:
            draft.count("ignored", record.topic, "old_version")
    return draft.done()


@lru_cache(maxsize=4_096)
def plan_of(value: bytes | None) -> Plan | None:
    """Return a stored plan."""
    return None if value is None else decode(value, Plan)


@lru_cache(maxsize=4_096)
def terms_of_plan(plan: Plan) -> BidTerms:
    """Return what a stored plan says about bids."""
    return terms_of(plan)


def aims_of(plan: Plan | None) -> Aims | None:
    """Return what advice needs of a plan."""
    if plan is None:
        return None
    return Aims(
        plan_version=plan.version,
        status=plan.status,
        currency=plan.currency,
        objective=plan.objective,
        target_roas=plan.target_roas,
        target_cpa=plan.target_cpa,
        avg_order_value=plan.avg_order_value,
        autonomy=plan.autonomy,
        protected=plan.protected,
        min_confidence=plan.min_confidence,
    )
