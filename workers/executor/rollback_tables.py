"""What the executor's own tables know of one campaign, for `workers.executor.rollback.judge`."""

from __future__ import annotations

from schemas.audit import Mode
from workers.delivery.api import View
from workers.executor.history import Past
from workers.executor.rows import InForce
from workers.executor.tables import history_of, in_force, rule_of


class OwnTables:
    """One campaign, as the tables have it now."""

    def __init__(self, view: View, campaign: bytes, mode: Mode) -> None:
        self._history = history_of(view, campaign)
        self._in_force = in_force(view, campaign).in_force
        self._rule = rule_of(view, campaign)
        self._mode = mode

    def of(self, action_id: bytes) -> Past | None:
        """Return what an action has changed; None when it changed nothing or is kept no more."""
        return self._history.of(action_id)

    def current(self, slot: str) -> InForce | None:
        """Return what is in force of a field."""
        return self._in_force.get(slot)

    def plan_version(self) -> int | None:
        """Return the version of the plan that holds; None where none does."""
        return self._rule.version if self._rule else None

    def days_budget_only(self) -> bool:
        """Return whether a platform keeps budgets of an hour, by that of the day."""
        return self._mode is Mode.LIVE
