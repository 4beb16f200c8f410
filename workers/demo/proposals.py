"""What was proposed for a group's budgets and for bids by device, out of all that was advised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from schemas import Group, Kind, MultiplierKind, Recommendation
from schemas.zones import zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalanced:
    """How a group's budget is to be split from a day on."""

    group: Group
    members: int
    before: Decimal
    """What the members have a day, all together."""
    moves: Sequence[Recommendation]
    """Whose budgets are to change, the largest change first."""

    @property
    def day(self) -> date:
        """The first local day that it is for."""
        return self.moves[0].decided_at.astimezone(zone(self.group.timezone)).date()

    @property
    def after(self) -> Decimal:
        """What the members are to have a day, all together."""
        return self.before + sum((each.change or Decimal(0) for each in self.moves), Decimal(0))

    @property
    def gain(self) -> float:
        """Conversions a day that the moves are expected to bring, all together."""
        return sum(map(gain_of, self.moves))

    def facts(self) -> dict[str, Any]:
        """Return it as values that JSON can hold."""
        return {
            "group": self.group.budget_group_id,
            "currency": self.group.currency,
            "members": self.members,
            "from_day": self.day,
            "before": str(self.before),
            "after": str(self.after),
            "conversions_gained_a_day": round(self.gain, 2),
        }


def rebalanced(
    group: Group | None, budgets: Sequence[Decimal], advice: Iterable[Recommendation]
) -> Rebalanced | None:
    """Return the newest split of a group whose members have ``budgets``; None if there is none."""
    told = [each for each in advice if each.kind is Kind.BUDGET]
    if group is None or not told:
        return None
    newest = max(each.decided_at for each in told)
    moves = [each for each in told if each.decided_at == newest]
    return Rebalanced(
        group=group,
        members=len(budgets),
        before=sum(budgets, Decimal(0)),
        moves=sorted(moves, key=lambda each: -abs(each.change or Decimal(0))),
    )


def gain_of(move: Recommendation) -> float:
    """Return the conversions a day that a change of a budget brings, below zero for a cut.

    The record says what each unit of money brings on the way from one budget to the other.
    """
    return float(move.reasons[0].evidence["average"]) * float(move.change or 0)


def bids_by_device(advice: Iterable[Recommendation]) -> list[Recommendation]:
    """Return the newest advice on each bid that has multipliers by device, the surest first."""
    newest = {
        (each.key, each.entity_id): each
        for each in sorted(advice, key=lambda each: each.decided_at)
        if each.kind is Kind.BID and by_device(each)
    }
    return sorted(newest.values(), key=lambda each: (-each.confidence, each.key, each.entity_id))


def by_device(bid: Recommendation) -> dict[str, float]:
    """Return the multipliers of a bid by device."""
    return {
        each.name: each.factor for each in bid.bid_multipliers if each.kind is MultiplierKind.DEVICE
    }
