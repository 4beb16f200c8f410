"""Answers an emergency once more from a campaign's hours, to hold one recommendation against.

What the adviser keeps of a campaign follows from its metrics in their order and its plan, so all
that are kept up to the hour that led to the recommendation are taken again. Plans are taken when
their time has come. Of priors and conditions the latest alone are kept: newer ones may differ.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas import Kind, Recommendation
from schemas.topics import AUDIT, CONDITIONS, METRICS, PLANS, PRIORS, RECOMMENDATIONS
from workers.adviser.policy import AdviserPolicy
from workers.adviser.program import agents
from workers.adviser.tables import AUDIT as AUDIT_TABLE
from workers.adviser.tables import HOURS
from workers.adviser.tables import PLANS as PLANS_TABLE
from workers.delivery.api import Record, Step
from workers.explain.partition import Partition

BROADCASTS = (PRIORS, CONDITIONS)


def is_emergency(policy: AdviserPolicy, advice: Recommendation) -> bool:
    """Return whether a recommendation was made by an adviser, from an hour."""
    return advice.kind is Kind.EMERGENCY and policy.topic(METRICS) in advice.inputs


def answered_again(
    policy: AdviserPolicy,
    advice: Recommendation,
    records: Iterable[Record],
    place: tuple[int, int],
) -> bytes | None:
    """Return the recommendation as it is made now; None where the records lead to none.

    Parameters
    ----------
    policy
        That of the adviser.
    advice
        What was published.
    records
        The campaign's metrics, plans and audit entries, each topic in the order of its offsets,
        and the latest priors and conditions.
    place
        The partition of the campaign's key, and how many there are.
    """
    by_topic: dict[str, list[Record]] = {}
    for record in records:
        by_topic.setdefault(record.topic, []).append(record)
    told = {
        name: {each.key or b"": each.value or b"" for each in by_topic.get(name, ())}
        for name in map(policy.topic, BROADCASTS)
    }
    view = Partition(*place, told)
    steps = {agent.name: agent.step for agent in agents(policy)}
    plans = by_topic.get(policy.topic(PLANS), [])
    seen = _known(policy, advice, by_topic.get(policy.topic(AUDIT), ()))
    for record in by_topic.get(policy.topic(METRICS), ()):
        while plans and plans[0].timestamp <= record.timestamp:
            view.commit(PLANS_TABLE, steps[PLANS_TABLE](view, [plans.pop(0)]))
        last = record.offset == advice.inputs[policy.topic(METRICS)]
        if last and seen:
            # What is in force counts for nothing before: that is in the closed days.
            view.commit(AUDIT_TABLE, steps[AUDIT_TABLE](view, seen))
        step = steps[HOURS](view, [record])
        if last:
            return _of(policy, advice, step)
        view.commit(HOURS, step)
    return None


def _known(policy: AdviserPolicy, advice: Recommendation, audit: Iterable[Record]) -> list[Record]:
    """Return the audit entries that were known when a recommendation was made."""
    last = advice.inputs.get(policy.topic(AUDIT), -1)
    return [each for each in audit if each.offset <= last]


def _of(policy: AdviserPolicy, advice: Recommendation, step: Step) -> bytes | None:
    """Return what a step says of the same campaign or ad set."""
    name, entity = policy.topic(RECOMMENDATIONS), b'"entity_id":"%s"' % advice.entity_id.encode()
    found = [out.value for out in step.outputs if out.topic == name and out.value]
    return next((value for value in found if entity in value), None)
