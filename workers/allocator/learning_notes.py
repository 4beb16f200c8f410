"""What a group does to learn and what that costs, as codes, sentences and numbers."""

from __future__ import annotations

from typing import Final

from engine.group_exploring import Explored
from engine.group_split import GO
from schemas import Explanation
from schemas.fields import Objective
from schemas.money import exponent_of, from_minor
from workers.allocator.explaining import Explaining, explained
from workers.allocator.gathering import Gathered
from workers.allocator.impact import DIGITS
from workers.allocator.shape import Shape

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

    def __init__(self, shape: Shape, found: Gathered, explored: Explored) -> None:
        """Prepare to say what was ``explored``."""
        self._shape, self._found, self._explored = shape, found, explored
        self._currency = shape.group.currency  # what is moved and lost is the group's

    def of(self, i: int, explain: Explaining) -> list[Explanation]:
        """Return what is said of member ``i``; nothing where its group does not learn."""
        made, settled, notes = self._explored.shared, self._explored.settled, []
        if made.budget[i] != settled.budget[i]:
            notes.append(self._exploring(i, explain))
        elif made.hold[i] == GO != settled.hold[i]:
            evidence = {"settled": self._own(made.budget[i], i), "currency": self._of(i)}
            notes.append(explained("jitter_ends", _RETURNS, explain.named(i) | evidence))
        share = self._shape.tree.groups[int(self._found.of[i])].group.learning_share
        if share > 0.0 and not made.fit.by_chance[0]:
            notes.append(self._not_identified(i, explain))
        return notes

    def _exploring(self, i: int, explain: Explaining) -> Explanation:
        explored, cost = self._explored, float(self._explored.cost[i])
        by_value = self._shape.group.objective is Objective.VALUE
        unit = 10 ** exponent_of(self._currency) if by_value else 1
        group = self._shape.tree.groups[int(self._found.of[i])].group
        evidence = {
            **explain.named(i),
            "learning": group.budget_group_id,
            "settled": self._own(explored.settled.budget[i], i),
            "without_jitter": self._own(explored.without_jitter[i], i),
            "recommended": self._own(explored.shared.budget[i], i),
            "elsewhere": self._money(explored.elsewhere[i]),
            "reserve": self._money(explored.reserve[i]),
            "currency": self._of(i),
            "what": explain.what(),
            "cost": float(f"{cost / unit:.{DIGITS}g}"),
            "cost_money": self._money(min(float(explored.worth[i]), _MOST)),
            "by_chance": bool(explored.shared.fit.by_chance[0]),
            **self._exponent(i),
        }
        return explained("exploring", _EXPLORING, evidence, common=self._currency)

    def _not_identified(self, i: int, explain: Explaining) -> Explanation:
        jitter = self._found.members.days.jitter
        varied = 0 if jitter is None else int((jitter[i] != 0.0).sum())
        evidence = {
            **explain.named(i),
            "what": explain.what(i),
            "varied_days": varied,
            **self._exponent(i),
        }
        return explained("elasticity_not_identified", _NOT_IDENTIFIED, evidence)

    def _exponent(self, i: int) -> dict[str, float]:
        fit = self._explored.shared.fit
        numbers = {"exponent": fit.exponent[i], "exponent_deviation": fit.exponent_deviation[i]}
        return {name: float(f"{number:.{DIGITS}g}") for name, number in numbers.items()}

    def _of(self, i: int) -> str:
        return self._found.currencies[i]

    def _own(self, minor: int, i: int) -> str:
        return str(from_minor(int(minor), self._of(i)))

    def _money(self, minor: float) -> str:
        return str(from_minor(round(float(minor)), self._currency))
