"""The words of advice to pause a campaign on its platform, or to resume it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engine.calendar import HOUR
from schemas import (
    Explanation,
    GuardrailCheck,
    GuardrailStatus,
    Kind,
    Plan,
    Priority,
    Recommendation,
    Risk,
)
from schemas.fields import Autonomy
from schemas.levers import DELIVERS, PAUSED, STATUS, SWITCH_UNIT
from workers.allocator.releasing import NOT_YET, identified
from workers.instants import from_seconds
from workers.optimizer.policy import OptimizerPolicy

_SENTENCES: Final = MappingProxyType(
    {
        "plan_paused": "The plan is paused: the campaign is to be paused on its platform as well.",
        "plan_ended": "The plan has ended: the campaign is to be paused on its platform.",
        "flight_not_started": "The flight has not started: the campaign is to wait for it.",
        "flight_over": "The flight is over: the campaign is to be paused on its platform.",
        "flight_gap": "The day lies in a gap of the flight: the campaign is to pause until after.",
        "flight_runs": "The plan is active and its flight runs: the campaign is to deliver again.",
    }
)
_NOT_OURS: Final = Explanation(
    code="paused_by_others",
    text="It was not Pacekeeper that paused the campaign: a person has to say that it may resume.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a plan wants of its campaign's delivery that is not so."""

    plan: Plan
    delivers: bool
    why: str
    """A code of `_SENTENCES`."""
    paused_by_others: bool
    """Whether it is as it is by somebody else's word, or was found so."""
    now: int
    """Seconds."""
    until: int
    alone: bool
    """Whether policy may do it."""


def advice(wish: Wish, policy: OptimizerPolicy) -> Recommendation:
    """Return the recommendation that asks for what is wanted; its id is that of its content."""
    plan, now = wish.plan, from_seconds(wish.now)
    wanted, other = (DELIVERS, PAUSED) if wish.delivers else (PAUSED, DELIVERS)
    reasons = [Explanation(code=wish.why, text=_SENTENCES[wish.why])]
    if wish.delivers and wish.paused_by_others:
        reasons.append(_NOT_OURS)
    return identified(
        Recommendation(
            platform=plan.platform,
            account_id=plan.account_id,
            campaign_id=plan.campaign_id,
            recommendation_id=NOT_YET,
            kind=Kind.STATUS,
            hour=from_seconds(wish.now - wish.now % HOUR),
            entity_id=plan.campaign_id,
            field=STATUS,
            current_value=other,
            recommended_value=wanted,
            change=wanted - other,
            unit=SWITCH_UNIT,
            confidence=1.0,
            priority=Priority.MEDIUM if wish.delivers else Priority.HIGH,
            risk=Risk.MEDIUM if wish.delivers else Risk.LOW,
            reasons=tuple(reasons),
            guardrails=_rails(wish),
            auto_execute=wish.alone,
            decided_at=now,
            valid_from=now,
            expires_at=from_seconds(wish.until),
            model_version=policy.model_version,
            plan_version=plan.version,
        )
    )


def _rails(wish: Wish) -> tuple[GuardrailCheck, ...]:
    plan = wish.plan
    blocked = {
        "protected": plan.protected,
        "autonomy": plan.autonomy_for(STATUS) is not Autonomy.AUTO,
    }
    return tuple(
        GuardrailCheck(
            name=name, status=GuardrailStatus.BLOCKED if held else GuardrailStatus.PASSED
        )
        for name, held in blocked.items()
    )
