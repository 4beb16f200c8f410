"""Plans, as far as they concern the executor: what Pacekeeper may do without a person."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.keys import check_key
from schemas.plan import Plan
from workers.delivery.api import Record, Step, View
from workers.executor.draft import Draft
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import PlanRule, pack, unpack
from workers.executor.tables import PLANS
from workers.partitioner import partition_of


def plans_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep each campaign's newest plan.

    Plans that cannot be kept are the optimizer's to put aside, and misrouted ones its to send on:
    it reads the same topic, and one mistake is to be one dead letter.
    """
    draft = Draft(policy, view, PLANS)
    for record in records:
        if record.key and record.value is None:
            draft.writes[record.key] = None
            continue
        try:
            plan = decode(record.value or b"", Plan)
            check_key(record.key, plan.key)
        except SchemaError:
            draft.count("ignored", record.topic, "unreadable")
            continue
        if partition_of(plan.key, view.partitions) != view.partition:
            draft.count("ignored", record.topic, "other_partition")
            continue
        known = unpack(draft.read(plan.key), PlanRule)
        if known is None or plan.version > known.version:
            rule = PlanRule(plan.version, plan.autonomy, plan.protected)
            draft.writes[plan.key] = pack(rule)
    return draft.done()
