"""Plans, as far as they concern the executor: what Pacekeeper may do without a person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import structs

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.fields import BudgetPeriod
from schemas.keys import check_key
from schemas.plan import Actuator, Plan, Strategy
from schemas.topics import ACTIONS
from workers.delivery.api import Record, Step, View
from workers.executor.draft import Draft
from workers.executor.plan_rules import Bounds, PlanRule
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import pack, unpack
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
    rule = _rule(plan)
    if known is not None and known.holds:
        # An older release kept less of a plan: the same one fills it in.
        lacks = not known.currency or known.budget_group_id is None
        if plan.version > known.version or (plan.version == known.version and lacks):
            draft.writes[plan.key] = pack(structs.replace(rule, since=known.since))
        return
    clock = clock_of(draft.view)
    draft.writes[plan.key] = pack(structs.replace(rule, since=clock))
    for held in held_for(draft.view, plan.key).held:
        if held.for_plan and held.until > clock:
            draft.publish(ACTIONS, held.action, at=held.at)


def _rule(plan: Plan) -> PlanRule:
    bids = {each.ad_set_id: each.bid for each in plan.ad_sets if each.bid}
    if plan.bid is not None:
        bids = {"": plan.bid, **bids}
    adaptive = plan.strategy is Strategy.ADAPTIVE
    return PlanRule(
        plan.version,
        plan.autonomy,
        plan.protected,
        highest={name: bid.max for name, bid in bids.items()},
        currency=plan.currency,
        actuator=plan.actuator or (Actuator.BID if adaptive else Actuator.BUDGET),
        target_cpa=plan.target_cpa,
        target_roas=None if plan.target_roas is None else Decimal(str(plan.target_roas)),
        bids={name: Bounds(bid.base, bid.min) for name, bid in bids.items()},
        ad_sets=tuple(each.ad_set_id for each in plan.ad_sets),
        protected_ad_sets=tuple(each.ad_set_id for each in plan.ad_sets if each.protected),
        max_change_pct=plan.guardrails.max_change_pct,
        daily_cap=plan.daily_cap,
        timezone=plan.timezone,
        cooldown_minutes=plan.guardrails.cooldown_minutes,
        max_changes_per_day=plan.guardrails.max_changes_per_day,
        budget_group_id=plan.budget_group_id or "",
        day_budget=plan.budget.amount if plan.budget.period is BudgetPeriod.DAY else None,
        autonomy_of=plan.autonomy_of,
        approvers=plan.approvers,
        budget=plan.budget.amount,
    )


def _forget(draft: Draft, campaign: bytes) -> None:
    known = unpack(draft.read(campaign), PlanRule)
    if known is not None and known.holds:
        gone = structs.replace(known, gone=clock_of(draft.view))
        draft.writes[campaign] = pack(gone)
