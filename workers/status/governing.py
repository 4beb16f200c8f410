"""Who decides: how far a plan lets Pacekeeper go by itself, and what waits for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from schemas import AuditEntry, AuditStatus, CampaignKey, Plan
from schemas.autonomy import AutonomyOf
from schemas.fields import Autonomy

_SHOWN = 8
"""Characters of an id: more than enough to decide by."""


class Waits(msgspec.Struct, frozen=True, kw_only=True):
    """Advice that people are asked about."""

    recommendation_id: str
    field: str
    target: float | None
    approvals: tuple[str, ...]
    """Who has approved it."""
    approvers: int
    """How many people have to."""


class Governed(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan has a campaign decided for."""

    autonomy: dict[str, Autonomy]
    """By the field that advice names."""
    approvers: int
    """How many people have to approve a change."""


@dataclass(slots=True)
class Questions:
    """Takes audit entries, and keeps what people have not decided."""

    _open: dict[CampaignKey, dict[str, Waits]] = field(default_factory=dict)

    def audit(self, entries: Sequence[AuditEntry]) -> None:
        """Take in what became of advice, in the order of the trail."""
        for entry in entries:
            key = CampaignKey(entry.platform, entry.account_id, entry.campaign_id)
            name = entry.recommendation_id
            if name is None or entry.is_of_part:
                continue
            if entry.status is AuditStatus.APPROVAL_REQUIRED:
                self._open.setdefault(key, {})[name] = _waits(name, entry)
            elif not entry.leaves_advice_open:
                self._open.get(key, {}).pop(name, None)

    def of(self, key: CampaignKey) -> tuple[Waits, ...]:
        """Return what waits of a campaign, what was asked first."""
        return tuple(self._open.get(key, {}).values())


def governed(plan: Plan | None) -> Governed | None:
    """Return how a plan has its campaign decided for; None without one."""
    if plan is None:
        return None
    return Governed(
        autonomy={name: plan.autonomy_for(name) for name in AutonomyOf.__struct_fields__},
        approvers=plan.approvers,
    )


def sentences_of(found: Governed | None, waits: Sequence[Waits]) -> list[str]:
    """Tell which autonomy holds, and what waits for whom."""
    if found is None:
        return ["No plan: nothing is decided for it."]
    levels: dict[Autonomy, list[str]] = {}
    for name, autonomy in found.autonomy.items():
        levels.setdefault(autonomy, []).append(name)
    told = "; ".join(f"{each} for {', '.join(names)}" for each, names in levels.items())
    lines = [f"Autonomy: {told if len(levels) > 1 else next(iter(levels))}."]
    if found.approvers > 1:
        lines.append(f"A change by people needs {found.approvers} of them.")
    return [*lines, *(_line(each) for each in waits)]


def _line(waits: Waits) -> str:
    counted = f"{len(waits.approvals)} of {waits.approvers} approvals"
    who = f" ({', '.join(waits.approvals)})" if waits.approvals else ""
    to = "" if waits.target is None else f" to {waits.target:.6f}".rstrip("0").rstrip(".")
    name = waits.recommendation_id[:_SHOWN]
    return f"Waits for people: {waits.field}{to}, {name}, {counted}{who}."


def _waits(name: str, entry: AuditEntry) -> Waits:
    return Waits(
        recommendation_id=name,
        field=entry.field,
        target=None if entry.target is None else float(entry.target),
        approvals=tuple(approval.by for approval in entry.approvals),
        approvers=entry.approvers,
    )
