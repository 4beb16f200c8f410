"""What the guard rails made of a member's new budget."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from engine.group_budgets import Shared
from schemas import Group, GuardrailCheck, GuardrailStatus
from schemas.fields import Autonomy
from schemas.money import from_minor
from workers.allocator.gathering import Gathered


def rails(
    group: Group, found: Gathered, shared: Shared, i: int, sure: float
) -> tuple[GuardrailCheck, ...]:
    """Return the checks of member ``i``: what bounds its value, and what asks for a person."""
    budget, members = int(shared.budget[i]), found.members
    low, high = int(shared.low[i]), int(shared.high[i])
    at_plan = {"min_budget": int(members.least[i]), "max_budget": int(members.most[i])}
    ends = [end for end in (low, high) if budget == end and end not in at_plan.values()]
    releasable = bool(found.heads["releasable"][i])
    return (
        _check("max_change_pct", group, GuardrailStatus.CLAMPED if ends else None, ends),
        *(
            _check(name, group, GuardrailStatus.CLAMPED if budget == end else None, [end])
            for name, end in at_plan.items()
        ),
        _check(
            "group_budget",
            group,
            GuardrailStatus.CLAMPED if shared.unplaced or shared.forced else None,
            [shared.total],
        ),
        _check("min_confidence", group, _blocked(sure < group.min_confidence), []),
        _check("autonomy", group, _blocked(group.autonomy is not Autonomy.AUTO), []),
        _check("plan_allows", group, _blocked(not releasable), []),
    )


def _blocked(blocked: bool | np.bool_) -> GuardrailStatus | None:  # noqa: FBT001 -- the check itself
    return GuardrailStatus.BLOCKED if blocked else None


def _check(
    name: str, group: Group, status: GuardrailStatus | None, limits: list[int]
) -> GuardrailCheck:
    limit: Decimal | None = None
    if status is GuardrailStatus.CLAMPED and limits:
        limit = from_minor(limits[0], group.currency)
    return GuardrailCheck(name=name, status=status or GuardrailStatus.PASSED, limit=limit)
