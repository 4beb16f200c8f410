"""How far platforms on loopback go beyond a daily budget, written down apart from the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

_WEEK: Final = 7


class Terms(NamedTuple):
    """What a platform may make of a daily budget."""

    day: Decimal
    """Times the budget, on a day of over-delivery."""
    of_highest: bool = False
    """Whether of the highest budget of the day, not of the one that stands."""
    by_week: bool = False
    """Whether a week, from Sunday on, comes to no more than seven budgets."""


TERMS: Final = {
    "google": Terms(Decimal(2), of_highest=True),
    "meta": Terms(Decimal("1.75"), by_week=True),
    "linkedin": Terms(Decimal("1.5")),
}


@dataclass(slots=True)
class Books:
    """What a platform keeps of one campaign's money, in whole units of any size."""

    day: date | None = None
    budget: int = 0
    highest: int = 0
    """Of the day, the one that stood at midnight included."""
    spent: int = 0
    """On the day."""
    week: int = 0
    """Spent in the week."""
    before: int = 0
    """Of that, before the budget was changed last."""
    days: int = _WEEK
    """Of the week, from that change on, the day of it included."""

    def turn(self, day: date, budget: int) -> None:
        """Begin a stretch of a local day under a budget."""
        number = day.toordinal()  # whole weeks begin on Sundays
        if day != self.day:
            if self.day is None or number // _WEEK != self.day.toordinal() // _WEEK:
                self.week, self.before, self.days = 0, 0, _WEEK
            self.day, self.spent, self.highest = day, 0, self.budget
        if budget != self.budget:
            self.before, self.days = self.week, _WEEK - number % _WEEK
        self.budget, self.highest = budget, max(self.highest, budget)

    def room(self, terms: Terms, *, generous: bool) -> int:
        """Return what may be spent now; a generous day goes as far as the platform ever does."""
        limit = self.budget
        if generous:
            limit = int((self.highest if terms.of_highest else self.budget) * terms.day)
        room = limit - self.spent
        if terms.by_week:
            room = min(room, self.budget * self.days + self.before - self.week)
        return max(room, 0)

    def pay(self, amount: int) -> None:
        """Count what was spent."""
        self.spent += amount
        self.week += amount
