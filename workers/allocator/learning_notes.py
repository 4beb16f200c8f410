"""What a group does to learn and what that costs, as codes, sentences and numbers."""

from __future__ import annotations

from typing import Final

import numpy as np

from engine.group_split import GO
from schemas import Explanation
from schemas.money import exponent_of, from_minor
from workers.allocator.explaining import (
    Explaining,
    currency_of,
    explained,
    own_money,
    rounded,
)
from workers.allocator.facts import Facts

_EXPLORING: Final = (
    "To learn how value answers spend, {elsewhere} {common} a day lie elsewhere in {learning} "
    "than they are expected to bring most, of {reserve} {common} that may: {recommended} "
    "{currency} here, not {settled}. That is expected to cost {cost:.4g} {what} a day, worth "
    "{cost_money} {common}."
)
_RETURNS: Final = "Chance had moved the budget from {settled} {currency}: it returns there."

_NOT_IDENTIFIED: Final = (
    "How {what} answer spend is not identified: {varied_days} days whose budgets chance has moved "
    "tell too little of it. The exponent of {exponent:.2f} comes from days whose spend may have "
    "followed demand, and from what is usual."
)
_MOST: Final = 1e17


class LearningNotes:
    """Says what is done to learn, member by member."""

    def __init__(self, facts: Facts, explain: Explaining) -> None:
        """Prepare to say what was explored."""
        self._facts, self._explain = facts, explain

    def of(self, row: np.void) -> list[Explanation]:
        """Return what is said of a member; nothing where its group does not learn."""
        notes = []
        if row["budget"] != row["settled"]:
            notes.append(self._exploring(row))
        elif row["hold"] == GO != row["settled_hold"]:
            evidence = {"settled": own_money(row, "budget"), "currency": currency_of(row)}
            named = self._explain.named(row)
            notes.append(explained("jitter_ends", _RETURNS, named | evidence))
        share = self._facts.inside[int(row["of"])].learning_share
        if share > 0.0 and not self._facts.by_chance:
            notes.append(self._not_identified(row))
        return notes

    def _exploring(self, row: np.void) -> Explanation:
        facts, explain = self._facts, self._explain
        # What is moved and lost is the group's.
        unit = 10 ** exponent_of(facts.currency) if facts.by_value else 1
        evidence = {
            **explain.named(row),
            "learning": facts.inside[int(row["of"])].name,
            "settled": own_money(row, "settled"),
            "without_jitter": own_money(row, "without_jitter"),
            "recommended": own_money(row, "budget"),
            "elsewhere": self._money(float(row["elsewhere"])),
            "reserve": self._money(float(row["reserve"])),
            "currency": currency_of(row),
            "what": explain.what(),
            "cost": rounded(float(row["cost"]) / unit),
            "cost_money": self._money(min(float(row["worth"]), _MOST)),
            "by_chance": facts.by_chance,
            **_exponent(row),
        }
        return explained("exploring", _EXPLORING, evidence, common=facts.currency)

    def _not_identified(self, row: np.void) -> Explanation:
        evidence = {
            **self._explain.named(row),
            "what": self._explain.what(row),
            "varied_days": int(row["varied_days"]),
            **_exponent(row),
        }
        return explained("elasticity_not_identified", _NOT_IDENTIFIED, evidence)

    def _money(self, minor: float) -> str:
        return str(from_minor(round(minor), self._facts.currency))


def _exponent(row: np.void) -> dict[str, float]:
    return {name: rounded(float(row[name])) for name in ("exponent", "exponent_deviation")}
