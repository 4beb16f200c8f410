"""The numbers of each member that its advice says, as rows: no other member is needed to say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from engine.arrays import Bools, Floats, Ints, Rows
from engine.group_budgets import GO, HOLDS, Shared
from engine.group_impact import confidence, outcome
from schemas import HoldReason
from schemas.money import exponent_of
from workers.allocator.facts import Facts
from workers.allocator.gathering import Gathered
from workers.allocator.releasing import may_go
from workers.allocator.split import Split
from workers.allocator.totals import DayBudget

PAUSED: Final = len(HOLDS)

TOLD: Final[tuple[HoldReason | None, ...]] = (*HOLDS, HoldReason.PAUSED)
"""What the codes of ``hold`` stand for: those of the engine, and a group that is paused."""

ID_BYTES: Final = 16

ROW: Final = np.dtype(
    [
        ("of", "<i4"),  # the position of its group among those of the facts
        ("currency", "S3"),
        ("hold", "u1"),
        ("settled_hold", "u1"),  # what it would be without what is done to learn
        ("releasable", "?"),
        ("goes", "?"),  # without a person
        ("identified", "?"),
        ("plan_version", "<i8"),
        ("supersedes", "u1", (ID_BYTES,)),  # an id; all zero of none
        # Minor units of its own currency.
        ("present", "<i8"),
        ("base", "<i8"),  # the present budget without what coins had moved
        ("settled", "<i8"),  # what would bring most
        ("budget", "<i8"),  # what is to be set
        ("without_jitter", "<i8"),
        ("low", "<i8"),
        ("high", "<i8"),
        ("least", "<i8"),
        ("most", "<i8"),
        # Of its group, minor units of the topmost group's currency.
        ("reserve", "<i8"),
        ("elsewhere", "<i8"),
        ("worth", "<f8"),
        ("cost", "<f8"),  # in value of the group's
        ("days", "<i4"),  # with spend
        ("varied_days", "<i4"),
        ("value", "<f8"),  # of all days
        # The curve, its value per unit of money.
        ("average", "<f8"),
        ("price", "<f8"),
        ("marginal", "<f8"),
        ("exponent", "<f8"),
        ("exponent_deviation", "<f8"),
        ("usual", "<f8"),  # minor units
        ("sure", "<f8"),  # probability that the move gains
        ("needed", "<f8"),  # the same where it is asked for, else 1
        ("moved", "<f8"),  # share of the group's day
        ("brings", "<f8", (3,)),  # 10th, 50th and 90th percentile of the value
        ("other", "<f8"),  # what the other of conversions and revenue is times as much
    ]
)

Said = Mapping[bytes, bytes]
"""By campaign the id of what was recommended for it last."""


def rows_of(found: Gathered, said: Said) -> Rows:
    """Return what is said of members that are left alone, (B,)."""
    rows, heads = np.zeros(len(found.campaigns), dtype=ROW), found.heads
    rows["of"], rows["present"] = found.of, heads["budget"]
    for name in ("currency", "releasable", "plan_version"):
        rows[name] = heads[name]
    ids = b"".join(said.get(each, bytes(ID_BYTES)) for each in found.campaigns)
    rows["supersedes"] = np.frombuffer(ids, dtype=np.uint8).reshape(-1, ID_BYTES)
    return rows


def split_rows(facts: Facts, split: Split, said: Said) -> Rows:
    """Return what is said of members whose group's day was split, (B,)."""
    found, explored = split.found, split.explored
    settled, shared, members = explored.settled, explored.shared, found.members
    rows = rows_of(found, said)
    rows["hold"] = np.where(found.paused, PAUSED, shared.hold)
    rows["settled_hold"], rows["identified"] = settled.hold, settled.fit.identified
    rows["base"], rows["settled"] = members.settled, settled.budget
    for name in ("budget", "low", "high"):
        rows[name] = getattr(shared, name)
    rows["least"], rows["most"] = members.least, members.most
    for name in ("without_jitter", "reserve", "elsewhere", "worth", "cost"):
        rows[name] = getattr(explored, name)
    days = members.days
    rows["days"] = ((days.spend > 0.0) & (days.weight > 0.0)).sum(axis=1)
    rows["varied_days"] = 0 if days.jitter is None else (days.jitter != 0.0).sum(axis=1)
    rows["value"] = days.value.sum(axis=1)
    _curves(rows, facts, settled)
    _brings(rows, facts, found, shared)
    _certainty(rows, facts, split)
    return rows


def _curves(rows: Rows, facts: Facts, settled: Shared) -> None:
    """Put in what a unit of money brings on the way, at its end, and elsewhere."""
    fit, curves, unit = settled.fit, settled.fit.curves(), _units(rows, facts)
    present, budget = (rows[name].astype(np.float64) for name in ("base", "settled"))
    moved, ends = np.abs(budget - present), budget > 0.0
    gain = curves.gain(np.minimum(present, budget), np.where(moved > 0.0, moved, 1.0))
    rows["average"] = gain / np.where(moved > 0.0, moved, 1.0) * unit
    rows["price"] = np.exp(settled.log_price) * unit
    marginal = np.exp(curves.log_marginal(np.where(ends, budget, 1.0))) * unit
    rows["marginal"] = np.where(ends, marginal, 0.0)
    for name in ("exponent", "exponent_deviation", "usual"):
        rows[name] = getattr(fit, name)


def _units(rows: Rows, facts: Facts) -> Floats:
    """Return what a value per minor unit is multiplied with, to be one per unit of money, (B,)."""
    unit = np.ones(len(rows))
    if not facts.by_value:
        for currency in np.unique(rows["currency"]).tolist():
            unit[rows["currency"] == currency] = 10.0 ** exponent_of(currency.decode())
    return unit


def _brings(rows: Rows, facts: Facts, found: Gathered, shared: Shared) -> None:
    """Put in what budgets bring until the end, and how the other value goes with it.

    Curves tell one of conversions and revenue; the other follows by the ratio of the two in the
    days that count, where there is one.
    """
    made = outcome(shared.fit, shared.budget.astype(np.float64))
    rows["brings"] = np.stack((made.p10, made.p50, made.p90), axis=1) * facts.days
    both = found.revenue, found.conversions
    own, other = both if facts.by_value else both[::-1]
    rows["other"] = np.divide(other, own, out=np.zeros(len(own)), where=own > 0.0)


def _certainty(rows: Rows, facts: Facts, split: Split) -> None:
    """Put in how sure moves are to gain, and which are set without a person.

    What is moved by chance alone is no gain that one could be sure of.
    """
    settled, budget, money = split.explored.settled, split.budget, split.money
    rows["sure"] = confidence(settled, rows["base"].astype(np.float64))
    rows["needed"] = np.where(settled.hold == GO, rows["sure"], 1.0)
    present, after = (money.common(rows[name]) for name in ("present", "budget"))
    rows["moved"] = np.abs(after - present) / max(budget.total, 1)
    rows["goes"] = _released(rows, facts, budget, (present, after))


def _released(rows: Rows, facts: Facts, budget: DayBudget, ends: tuple[Ints, Ints]) -> Bools:
    auto = np.array([each.released for each in facts.inside])[rows["of"]]
    enough = np.array([each.min_confidence for each in facts.inside])[rows["of"]]
    wanted = auto & (rows["needed"] >= enough) & rows["releasable"] & (rows["hold"] == GO)
    return may_go(wanted, *ends, budget.total, budget.nested)


def as_text(identity: Any) -> str | None:  # noqa: ANN401 -- a field of a row
    """Return an id of a row; None of none."""
    return bytes(identity).hex() if identity.any() else None
