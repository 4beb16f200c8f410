"""What is wrong with a tree of groups as a whole, so that nobody's budget in it is moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from schemas import Group, HoldReason
from workers.allocator.exchange import Exchange
from workers.allocator.handing import DEEPEST
from workers.allocator.totals import flight_of
from workers.allocator.trees import Above, Tree

_SHOWN: Final = 8
"""Most groups that are named where something is wrong with many."""


MOST_SUMMED: Final = 2**63 - 1
"""Most minor units that amounts of a group may sum to: more than all money there is."""


class Fault(NamedTuple):
    """Why a group is left alone as a whole."""

    reason: HoldReason
    code: str
    text: str
    evidence: dict[str, Any]


def fault_of(tree: Tree, exchange: Exchange) -> Fault | None:
    """Return what is wrong with a tree that reckons with ``exchange``, if anything."""
    structure = _unrooted(tree) or _too_deep(tree)
    return structure or _of_currencies(exchange) or _mixed(tree) or _crossed(tree)


def flight_fault(group: Group, day: int, *, idle: bool) -> Fault | None:
    """Return why there is nothing to share out for a day outside of a group's flight.

    On the day after its end there is: all budgets are to end, until nobody has any (``idle``).
    """
    flight = flight_of(group)
    evidence = {"start": str(group.flight_start), "end": str(group.flight_end)}
    if flight is not None and day < flight[0]:
        reason, text = HoldReason.FLIGHT_NOT_STARTED, "The group's flight begins on {start}."
    elif flight is not None and day > flight[1] and idle:
        reason, text = HoldReason.FLIGHT_OVER, "The group's flight ended with {end}."
    else:
        return None
    return Fault(reason, reason.value, text, evidence)


def _unrooted(tree: Tree) -> Fault | None:
    if tree.top.above is Above.ROOT:
        return None
    names = _listed(group.budget_group_id for _, group in tree.of_each())
    evidence = {"groups": names, "parent": tree.top.key.decode()}
    if tree.top.above is Above.CYCLE:
        text = "The groups {groups} lie in one another in a circle: let one of them have no parent."
        return Fault(HoldReason.GROUP_TREE, "parent_cycle", text, evidence)
    text = "{groups} name {parent} as their parent, but no such group is defined: define it."
    return Fault(HoldReason.GROUP_TREE, "parent_missing", text, evidence)


def _listed(names: Iterable[str]) -> str:
    """Return names in order, the first few of many: each member's advice says them."""
    every = sorted(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return f"{', '.join(every[:_SHOWN])}{more}"


def _too_deep(tree: Tree) -> Fault | None:
    depth = max(tree.depth)
    if depth <= DEEPEST:
        return None
    name = tree.groups[tree.depth.index(depth)].group.budget_group_id
    text = "{deepest} is {depth} levels deep: a tree of groups may have {most}."
    evidence = {"deepest": name, "depth": depth, "most": DEEPEST}
    return Fault(HoldReason.GROUP_TREE, "tree_too_deep", text, evidence)


def _of_currencies(exchange: Exchange) -> Fault | None:
    """Return which currencies nothing can be reckoned in, if any."""
    missing = exchange.missing
    if not missing:
        return None
    text = (
        "The group's budget is in {own}, but plans of members or groups inside are in {others}: "
        "amounts in different currencies are never added without a rate, so no member's budget is "
        "changed. Publish rates of {missing} to fx_rates.v1, or plan in one currency."
    )
    old = [each for each in missing if each in exchange.stale]
    if old:
        text += " What is known of {too_old} is older than 7 days."
    evidence = {
        "own": exchange.into,
        "others": ", ".join(exchange.required),
        "missing": ", ".join(missing),
        "too_old": ", ".join(old),
    }
    reason = HoldReason.CURRENCY_MISMATCH
    return Fault(reason, "rate_too_old" if old == list(missing) else reason.value, text, evidence)


def amounts_fault(currencies: Sequence[str]) -> Fault:
    """Return that amounts are too large to be summed at the rates that are known."""
    text = (
        "Amounts in {others} are worth more at the known rates than can be summed, so no member's "
        "budget is changed: look whether the rates are right."
    )
    reason = HoldReason.CURRENCY_MISMATCH
    return Fault(reason, "amounts_too_large", text, {"others": ", ".join(currencies)})


def sums_fault(what: str, amount: int) -> Fault | None:
    """Return that what members have or had sums to more than a whole number of 64 bits holds."""
    if amount <= MOST_SUMMED:
        return None
    text = (
        "What the group's members {what} sums to {amount} minor units, more than can be "
        "reckoned with, so no member's budget is changed: look whether their amounts are in the "
        "unit and the currency that they say."
    )
    evidence = {"what": what, "amount": f"{amount:.3g}"}
    return Fault(HoldReason.CURRENCY_MISMATCH, "amounts_too_large", text, evidence)


def _mixed(tree: Tree) -> Fault | None:
    own = tree.groups[0].group.timezone
    others = sorted({group.timezone for _, group in tree.of_each()} - {own})
    if not others:
        return None
    text = "The group's days begin in {own}, those of groups inside in {others}: name one zone."
    evidence = {"own": own, "others": ", ".join(others)}
    reason = HoldReason.TIMEZONE_MISMATCH
    return Fault(reason, reason.value, text, evidence)


def _crossed(tree: Tree) -> Fault | None:
    for _, group in tree.of_each():
        amounts = [each for each in (group.budget.amount, group.max_budget) if each is not None]
        lowest, highest = group.min_budget, min(amounts)
        if lowest is not None and lowest > highest:
            text = (
                "{inside} must have {least} {currency} at least in its period, but {most} at most: "
                "lower its minimum or raise its budget."
            )
            evidence = {
                "inside": group.budget_group_id,
                "least": str(lowest),
                "most": str(highest),
                "currency": group.currency,
            }
            reason = HoldReason.INFEASIBLE_MINIMUM
            return Fault(reason, reason.value, text, evidence)
    return None
