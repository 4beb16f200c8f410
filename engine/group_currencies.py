"""Members of a group in several currencies: their money in the group's, and back, exactly.

Budgets are shared out in whole minor units of the group's currency. What a member has now is worth
as many of them, rounded up, and what it is given is as many of its own as these pay for, rounded
down: what all have together is never worth more than what was shared out. The plans' bounds are
rounded inwards. Curves are only compared in the group's money, so their floats may round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from engine.curve_fitting import Fit
from engine.group_budgets import GO, KEPT, Members, Shared
from engine.group_exploring import Explored
from engine.plans import UNLIMITED

MOST: Final = 10**16
"""Minor units that an amount may be worth: what all amounts of a large group sum to fits."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What minor units of B campaigns' currencies are worth in minor units of their group's."""

    each: Sequence[Fraction]
    """Length B, > 0."""

    @property
    def floats(self) -> Floats:
        """The same, (B,), rounded."""
        return np.array([float(each) for each in self.each], dtype=np.float64)

    def rounded_up(self, amounts: Ints) -> Ints:
        """Return what the campaigns' own amounts (B,) are worth, at most `UNLIMITED`."""
        pairs = zip(amounts.tolist(), self.each, strict=True)
        return np.array([min(ceil(own * worth), UNLIMITED) for own, worth in pairs], dtype=np.int64)

    def rounded_down(self, amounts: Ints) -> Ints:
        """Return what the campaigns' own amounts (B,) are worth, at most `UNLIMITED`."""
        pairs = zip(amounts.tolist(), self.each, strict=True)
        made = [min(floor(own * worth), UNLIMITED) for own, worth in pairs]
        return np.array(made, dtype=np.int64)

    def paid_for(self, amounts: Ints) -> Ints:
        """Return the most of each campaign's own that amounts (B,) of the group's pay for."""
        pairs = zip(amounts.tolist(), self.each, strict=True)
        made = [min(floor(common / worth), UNLIMITED) for common, worth in pairs]
        return np.array(made, dtype=np.int64)


def in_common(members: Members, worth: Worth, *, by_value: bool) -> Members:
    """Return members with all their money in minor units of the group's currency.

    Parameters
    ----------
    members
        B campaigns, each in its own money.
    worth
        Of each.
    by_value
        Whether what is bought is money as well.
    """
    rates, days = worth.floats[:, None], members.days
    least = worth.rounded_up(members.least)
    most = np.where(members.most >= UNLIMITED, UNLIMITED, worth.rounded_down(members.most))
    value = days.value * rates if by_value else days.value
    return replace(
        members,
        days=replace(days, spend=days.spend * rates, value=value),
        budget=worth.rounded_up(members.budget),
        base=None if members.base is None else worth.rounded_up(members.base),
        least=least,
        most=np.maximum(most, least),
    )


def bounded(members: Members, worth: Worth) -> Members:
    """Return members whose maximums can be paid for by whole minor units of the group's."""
    most = worth.paid_for(worth.rounded_down(members.most))
    most = np.where(members.most >= UNLIMITED, UNLIMITED, most)
    return replace(members, most=np.maximum(most, members.least))


def in_own(shared: Shared, members: Members, worth: Worth, *, by_value: bool) -> Shared:
    """Return a split of the group's money in each member's own; its total stays the group's.

    Parameters
    ----------
    shared
        The split of `in_common`.
    members
        As they were given to it.
    worth, by_value
        The same.
    """
    present = members.budget
    ends = [np.clip(worth.paid_for(each), members.least, members.most) for each in _amounts(shared)]
    # At its minimum a member has no more than that, whatever the group's unit would pay for.
    at_least = shared.budget == worth.rounded_up(members.least)
    budget = np.where(at_least, members.least, ends[0])
    moved = (shared.hold == GO) & (budget != present)
    return replace(
        shared,
        budget=np.where(moved, budget, present),
        hold=np.where((shared.hold == GO) & ~moved, KEPT, shared.hold),
        low=ends[1],
        high=ends[2],
        log_price=shared.log_price + (0.0 if by_value else np.log(worth.floats)),
        fit=_fit(shared, worth.floats, by_value=by_value),
    )


def explored_in_own(
    explored: Explored, members: Members, worth: Worth, *, by_value: bool
) -> Explored:
    """Return a split with what is moved to learn in each member's own money.

    What lies elsewhere, what may, and what that costs are sums of a group and stay in its money.
    """
    free = np.isin(explored.settled.hold, (GO, KEPT))
    base = replace(members, budget=np.where(free, members.settled, members.budget))
    settled = in_own(explored.settled, base, worth, by_value=by_value)
    shared = in_own(explored.shared, members, worth, by_value=by_value)
    plain = np.clip(worth.paid_for(explored.without_jitter), members.least, members.most)
    moved = explored.without_jitter != explored.shared.budget
    return replace(
        explored,
        settled=settled,
        shared=shared,
        without_jitter=np.where(moved, plain, shared.budget),
    )


def _amounts(shared: Shared) -> tuple[Ints, Ints, Ints]:
    return shared.budget, shared.low, shared.high


def _fit(shared: Shared, rates: Floats, *, by_value: bool) -> Fit:
    fit = shared.fit
    usual = fit.usual / rates
    if not by_value:
        return replace(fit, usual=usual)
    return replace(fit, usual=usual, level=fit.level / rates, dispersion=fit.dispersion / rates)
