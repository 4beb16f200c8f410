"""The reasons of a group's split, as codes, sentences and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from engine.group_budgets import GO
from schemas import Explanation, HoldReason
from schemas.money import exponent_of, from_minor
from workers.allocator.facts import Facts
from workers.allocator.faults import Fault
from workers.allocator.impact import DIGITS

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
    """Says why, member by member; ``row`` is a member's of `workers.allocator.advice_rows`."""

    def __init__(self, facts: Facts) -> None:
        """Prepare to explain a split, or why there is none."""
        self._facts = facts

    def refusal(self, fault: Fault) -> list[Explanation]:
        """Return why the group is left alone as a whole."""
        return [explained(fault.code, fault.text, {"group": self._facts.group, **fault.evidence})]

    def hold(self, row: np.void, reason: HoldReason) -> list[Explanation]:
        """Return why a member keeps its budget."""
        evidence = {
            **self.named(row),
            "budget": own_money(row, "present"),
            "currency": currency_of(row),
            "days": int(row["days"]),
            "value": round(float(row["value"]), 2),
            "what": self.what(row),
            "total": self.money(self._facts.budget),
        }
        return [explained(reason.value, _HOLDS[reason], evidence, common=self._facts.currency)]

    def change(self, row: np.void) -> list[Explanation]:
        """Return why a member is to have another budget; nothing where only chance says so."""
        if row["settled_hold"] != GO:
            return []
        code = "more_for_the_money" if row["settled"] > row["base"] else "less_for_the_money"
        text = (
            "From {current} to {recommended} {currency} a day each {currency} brings {average:.4g} "
            "{what}; money is worth {price:.4g} in the group today."
        )
        return [explained(code, text, self._numbers(row)), *self._of_total()]

    def _of_total(self) -> list[Explanation]:
        """Return what is said of a total that finds no place, or that is cut at once."""
        facts, notes = self._facts, []
        total = {"total": self.money(facts.total), "currency": facts.currency}
        if facts.unplaced:
            said = "{unplaced} {currency} of the group's day find no place within today's bounds."
            evidence = {"unplaced": self.money(facts.unplaced), **total}
            notes.append(explained("total_unplaced", said, evidence))
        if facts.forced:
            said = "The group has {total} {currency} for the day: budgets are cut at once."
            notes.append(explained("total_before_max_change", said, total))
        if facts.movement_limit is not None and facts.movement_wanted:
            said = (
                "The group may move {limit} {currency} in 24 hours, {wanted} {currency} would be "
                "best: raises are as large as that allows, where it brings most."
            )
            limit, wanted = facts.movement_limit, facts.movement_wanted
            evidence = {"limit": self.money(limit), "wanted": self.money(wanted)}
            notes.append(explained("movement_cap", said, evidence | total))
        return notes

    def _numbers(self, row: np.void) -> dict[str, Any]:
        currency = currency_of(row)
        numbers = {
            "average": float(row["average"]),
            "price": float(row["price"]),
            "exponent": float(row["exponent"]),
            "exponent_deviation": float(row["exponent_deviation"]),
            "usual_spend": float(row["usual"]) / 10 ** exponent_of(currency),
        }
        if row["settled"] > 0:
            numbers["marginal_return"] = float(row["marginal"])
        return {
            **self.named(row),
            "current": own_money(row, "base"),
            "recommended": own_money(row, "settled"),
            "currency": currency,
            "what": self.what(row),
            "identified": bool(row["identified"]),
            "group_total": self.money(self._facts.budget),
            "period_spent": self.money(self._facts.spent),
            **{name: rounded(number) for name, number in numbers.items()},
        }

    def named(self, row: np.void) -> dict[str, Any]:
        """Return the group that a recommendation is of and, in a tree, the member's own."""
        facts, own = self._facts, self._facts.inside[int(row["of"])].name
        return {"group": facts.group} | ({"within": own} if facts.several else {})

    def what(self, row: np.void | None = None) -> str:
        """Return what a member's value is counted in; of none, the group's."""
        currency = self._facts.currency if row is None else currency_of(row)
        return f"{currency} of revenue" if self._facts.by_value else "conversions"

    def money(self, minor: int) -> str:
        """Return an amount of the group's."""
        return str(from_minor(minor, self._facts.currency))


def currency_of(row: np.void) -> str:
    """Return a member's currency."""
    return str(row["currency"].decode())


def own_money(row: np.void, name: str) -> str:
    """Return an amount of a member's own."""
    return str(from_minor(int(row[name]), currency_of(row)))


def rounded(number: float) -> float:
    """Return a number as it is told."""
    return float(f"{number:.{DIGITS}g}")


def explained(code: str, text: str, evidence: dict[str, Any], **said: str) -> Explanation:
    """Return a code with its sentence, into which the evidence is put, and what is only said."""
    return Explanation(code=code, text=text.format(**evidence, **said), evidence=evidence)
