"""Plans, as far as they concern the executor: what Pacekeeper may do without a person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.keys import check_key
from schemas.plan import Plan
from schemas.topics import ACTIONS
from workers.delivery.api import Record, Step, View
from workers.executor.draft import Draft
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import PlanRule, pack, unpack
from workers.executor.tables import PLANS, clock_of, held_for
from workers.partitioner import partition_of


def plans_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Keep each campaign's newest plan.

    Plans that cannot be kept are the optimizer's to put aside, and misrouted ones its to send on:
    it reads the same topic, and one mistake is to be one dead letter.
    """
    draft = Draft(policy, view, PLANS)
    for record in records:
        if record.key and record.value is None:
            _forget(draft, record.key)
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
        _follow(draft, plan)
    return draft.done()


def _follow(draft: Draft, plan: Plan) -> None:
    """Keep the plan if it is newer; for a campaign that had none, release what waited for it."""
    known = unpack(draft.read(plan.key), PlanRule)
    rule = PlanRule(plan.version, plan.autonomy, plan.protected, highest=_highest(plan))
    if known is not None and known.holds:
        if plan.version > known.version:
            draft.writes[plan.key] = pack(structs.replace(rule, since=known.since))
        return
    clock = clock_of(draft.view)
    draft.writes[plan.key] = pack(structs.replace(rule, since=clock))
    for held in held_for(draft.view, plan.key).held:
        if held.for_plan and held.until > clock:
            draft.publish(ACTIONS, held.action, at=held.at)


def _highest(plan: Plan) -> dict[str, Decimal | None]:
    own = {each.ad_set_id: each.bid.max for each in plan.ad_sets if each.bid}
    return own if plan.bid is None else {"": plan.bid.max, **own}


def _forget(draft: Draft, campaign: bytes) -> None:
    known = unpack(draft.read(campaign), PlanRule)
    if known is not None and known.holds:
        gone = structs.replace(known, gone=clock_of(draft.view))
        draft.writes[campaign] = pack(gone)
