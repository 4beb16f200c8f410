"""The agent of plans: keeps each campaign's plan, and never an older one."""

from __future__ import annotations

from collections.abc import Sequence

from engine import plans
from engine.plans import PLAN
from schemas import Plan
from workers.delivery.api import Record, Step, View
from workers.optimizer.draft import Draft
from workers.optimizer.plan_rows import stored
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.tables import PLANS
from workers.told_records import told_plan

OLD_VERSION = "old_version"
SAME_VERSION = "same_version"


def plans_step(policy: OptimizerPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep the plans that the records of one partition bring."""
    draft = Draft(policy, view, PLANS)
    for key, plan, record in draft.own(records, told_plan):
        if plan is None:
            draft.writes[key] = None
        else:
            _keep(draft, record, key, plan)
    return draft.done()


def _keep(draft: Draft, record: Record, key: bytes, plan: Plan) -> None:
    """Store a plan, unless a later one is known; the same one twice changes nothing."""
    known, value = draft.read(key) or b"", record.value or b""
    version = int(plans.unpack([known])["version"][0])
    if plan.version < version:
        detail = f"version {plan.version} came after {version}; give a change a higher version"
        draft.refuse(record, OLD_VERSION, "version", detail)
    elif plan.version == version and known[PLAN.itemsize :] != value:
        detail = f"version {version} is another plan already; give a change a higher version"
        draft.refuse(record, SAME_VERSION, "version", detail)
    elif plan.version > version:
        draft.writes[key] = stored(plan, value, record.offset)
