"""Who writes which table, and how the other agents read it."""

from __future__ import annotations

from typing import Final

from workers.delivery.api import View
from workers.executor.history import History
from workers.executor.plan_rules import PlanRule
from workers.executor.rows import (
    Campaign,
    Decisions,
    Holds,
    Proposals,
    held_key,
    unpack,
    unpack_due,
)

ACTIONS: Final = "actions"
RECOMMENDATIONS: Final = "recommendations"
DECISIONS: Final = "decisions"
PLANS: Final = "plans"
TICKS: Final = "ticks"
EDITS: Final = "edits"
"""Has no table of its own: it writes that of actions."""
MOVEMENTS: Final = "movements"

CLOCK: Final = b"clock"
"""Key of the only row of the table of ticks: the latest time told, 8 bytes, milliseconds."""


def in_force(view: View, campaign: bytes) -> Campaign:
    """Return what is in force for the campaign."""
    return unpack(view.table(ACTIONS).get(campaign), Campaign) or Campaign()


def history_of(view: View, campaign: bytes) -> History:
    """Return the campaign's last changes."""
    return History(view.table(ACTIONS).get, campaign)


def held_for(view: View, campaign: bytes) -> Holds:
    """Return the campaign's actions that wait."""
    return unpack_due(view.table(ACTIONS).get(held_key(campaign)), Holds)


def proposed_for(view: View, campaign: bytes) -> Proposals:
    """Return the campaign's recommendations that await a person, and those that did."""
    return unpack_due(view.table(RECOMMENDATIONS).get(campaign), Proposals)


def said_about(view: View, campaign: bytes) -> Decisions:
    """Return what people have said about the campaign."""
    return unpack_due(view.table(DECISIONS).get(campaign), Decisions)


def rule_of(view: View, campaign: bytes) -> PlanRule | None:
    """Return what the campaign's plan lets Pacekeeper do; None while it has no plan."""
    plan = known_plan_of(view, campaign)
    return plan if plan and plan.holds else None


def known_plan_of(view: View, campaign: bytes) -> PlanRule | None:
    """Return the plan that the campaign has, or the one that was deleted last."""
    return unpack(view.table(PLANS).get(campaign), PlanRule)


def clock_of(view: View) -> int:
    """Return the time up to which ticks have closed what had expired; 0 before the first."""
    return int.from_bytes(view.table(TICKS).get(CLOCK, b""), "big")
