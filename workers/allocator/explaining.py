"""The reasons of a group's split, as codes, sentences and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from engine.group_budgets import GO, Shared
from schemas import Explanation, HoldReason
from schemas.fields import Objective
from schemas.money import exponent_of, from_minor
from workers.allocator.faults import Fault
from workers.allocator.gathering import Gathered
from workers.allocator.impact import DIGITS
from workers.allocator.shape import Shape
from workers.allocator.totals import DayBudget

_HOLDS: Final[Mapping[HoldReason, str]] = MappingProxyType(
    {
        HoldReason.STALE_DATA: (
            "The day before is not closed for this campaign and the group waits no longer: it "
            "keeps its budget of {budget} {currency}."
        ),
        HoldReason.TOO_LITTLE_DATA: (
            "{days} days with spend and {value} {what} say too little of how value answers spend: "
            "the budget stays at {budget} {currency}."
        ),
        HoldReason.WITHIN_BAND: (
            "The budget of {budget} {currency} stays: a unit of money more brings about as much "
            "here as elsewhere in the group, or a bound holds the budget."
        ),
        HoldReason.INFEASIBLE_MINIMUM: (
            "The minimums in the group, and the budgets that cannot be moved today, need more than "
            "the {total} {common} that it has for the day: lower a minimum or raise its budget."
        ),
        HoldReason.INFEASIBLE_MAXIMUM: (
            "The plans' maximums in the group take less than the {total} {common} that it has "
            "for the day: raise a maximum or lower the group's budget."
        ),
        HoldReason.PAUSED: "The group {within} is paused: its members keep their budgets.",
    }
)


class Explaining:
    """Says why, member by member."""

    def __init__(
        self, shape: Shape, found: Gathered, budget: DayBudget, shared: Shared | None
    ) -> None:
        """Prepare to explain a split, or why there is none."""
        self._shape, self._found, self._shared = shape, found, shared
        self._budget, self._total = budget, budget.total
        self._currency, self._currencies = shape.group.currency, found.currencies
        if shared is not None:
            self._curves = shared.fit.curves()

    def refusal(self, fault: Fault) -> list[Explanation]:
        """Return why the group is left alone as a whole."""
        return [explained(fault.code, fault.text, {"group": self._shape.name, **fault.evidence})]

    def hold(self, i: int, reason: HoldReason) -> list[Explanation]:
        """Return why member ``i`` keeps its budget."""
        days = self._found.members.days
        spent = days.spend[i] > 0.0
        evidence = {
            **self.named(i),
            "budget": self._money(int(self._found.members.budget[i]), self._currencies[i]),
            "currency": self._currencies[i],
            "days": int((spent & (days.weight[i] > 0.0)).sum()),
            "value": round(float(days.value[i].sum()), 2),
            "what": self.what(i),
            "total": self._money(self._total),
        }
        return [explained(reason.value, _HOLDS[reason], evidence, common=self._currency)]

    def change(self, i: int) -> list[Explanation]:
        """Return why member ``i`` is to have another budget; nothing where only chance says so."""
        shared = self._shared
        if shared is None:
            raise AssertionError("without a split no budget changes")
        if shared.hold[i] != GO:
            return []
        present, budget = int(self._found.members.settled[i]), int(shared.budget[i])
        code = "more_for_the_money" if budget > present else "less_for_the_money"
        text = (
            "From {current} to {recommended} {currency} a day each {currency} brings {average:.4g} "
            "{what}; money is worth {price:.4g} in the group today."
        )
        notes = [explained(code, text, self._numbers(i, shared, present, budget))]
        total = {"total": self._money(shared.total), "currency": self._currency}
        if shared.unplaced:
            said = "{unplaced} {currency} of the group's day find no place within today's bounds."
            evidence = {"unplaced": self._money(shared.unplaced), **total}
            notes.append(explained("total_unplaced", said, evidence))
        if shared.forced:
            said = "The group has {total} {currency} for the day: budgets are cut at once."
            notes.append(explained("total_before_max_change", said, total))
        return notes

    def _numbers(self, i: int, shared: Shared, present: int, budget: int) -> dict[str, Any]:
        fit, unit, currency = shared.fit, self._unit(i), self._currencies[i]
        curve, low = self._curves.of(slice(i, i + 1)), float(min(present, budget))
        moved = float(abs(budget - present))
        numbers = {
            "average": float(curve.gain(np.array([low]), np.array([moved]))[0]) / moved * unit,
            "price": float(np.exp(shared.log_price[i])) * unit,
            "exponent": float(fit.exponent[i]),
            "exponent_deviation": float(fit.exponent_deviation[i]),
            "usual_spend": float(fit.usual[i]) / 10 ** exponent_of(currency),
        }
        if budget > 0:
            marginal = float(curve.log_marginal(np.array([float(budget)]))[0])
            numbers["marginal_return"] = float(np.exp(marginal)) * unit
        return {
            **self.named(i),
            "current": self._money(present, currency),
            "recommended": self._money(budget, currency),
            "currency": currency,
            "what": self.what(i),
            "identified": bool(fit.identified[i]),
            "group_total": self._money(self._total),
            "period_spent": self._money(self._budget.spent),
            **{name: float(f"{number:.{DIGITS}g}") for name, number in numbers.items()},
        }

    def named(self, i: int) -> dict[str, Any]:
        """Return the group that a recommendation is of and, in a tree, the member's own."""
        tree = self._shape.tree
        own = tree.groups[int(self._found.of[i])].group.budget_group_id
        return {"group": self._shape.name} | ({"within": own} if len(tree.groups) > 1 else {})

    def what(self, i: int | None = None) -> str:
        """Return what member ``i``'s value is counted in; of none, the group's."""
        by_value = self._shape.group.objective is Objective.VALUE
        currency = self._currency if i is None else self._currencies[i]
        return f"{currency} of revenue" if by_value else "conversions"

    def _unit(self, i: int) -> float:
        """Return what a value per minor unit is multiplied with, to be one per unit of money."""
        by_value = self._shape.group.objective is Objective.VALUE
        return 1.0 if by_value else 10.0 ** exponent_of(self._currencies[i])

    def _money(self, minor: int, currency: str | None = None) -> str:
        return str(from_minor(minor, currency or self._currency))


def explained(code: str, text: str, evidence: dict[str, Any], **said: str) -> Explanation:
    """Return a code with its sentence, into which the evidence is put, and what is only said."""
    return Explanation(code=code, text=text.format(**evidence, **said), evidence=evidence)
