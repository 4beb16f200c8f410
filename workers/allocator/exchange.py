"""Which exchange rates a tree of groups reckons with: one set for the whole of its period.

Rates move every hour, and what was spent at one of them must not become less at another: then a
budget would grow by itself. So the rates of a tree are taken when its longest period begins, and
hold until the next one does. A day is reckoned at the set that was in force on it, whatever period
asks. What a decision went by is written into it, so that nobody needs the rates of then again.

A rate is that of the pair itself, or goes by one third currency, as where all are told against one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import msgspec
from msgspec.structs import replace

from engine.group_total import period_of
from schemas.fx_rate import pair_key
from schemas.money import exponent_of
from workers.allocator.draft import Draft
from workers.allocator.fx_pairs import Pair, unpack
from workers.allocator.tables import RATES
from workers.allocator.trees import Tree
from workers.instants import day_number

OLDEST: Final = 7 * 86_400
"""Seconds after which a rate is too old to begin with: banks may be closed for some days."""

_LENGTHS: Final = ("day", "week", "month", "flight")

Way = tuple[Pair, ...]
"""The rates from one currency to another, one by one."""


class Rates(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """What a tree reckons with from a local day on."""

    since: int
    """Days since 1970-01-01."""
    into: str
    """The currency of the root."""
    ways: dict[str, Way] = {}
    """By currency how it is turned into that."""

    def worth(self, currency: str) -> Fraction | None:
        """Return units of the root's currency that one unit of another is worth, if known."""
        if currency == self.into:
            return Fraction(1)
        worth = Fraction(1) if currency in self.ways else None
        at = currency
        for pair in self.ways.get(currency, ()):
            worth, at = (worth or Fraction(1)) * pair.into(at), pair.other(at)
        return worth


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The money of a tree whose members or groups are in several currencies, or in one."""

    into: str
    """The currency of the root."""
    required: tuple[str, ...] = ()
    """Others that amounts must be turned from, in order."""
    sets: tuple[Rates, ...] = ()
    """Oldest first; the last is in force."""
    stale: Mapping[str, Way] = field(default_factory=dict)
    """By required currency what is known of it, but too old to begin with."""
    used: bool = False
    """Whether anything has to be turned into anything."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Currencies that nothing can be reckoned in."""
        return tuple(each for each in self.required if self._in_force.worth(each) is None)

    def worth(self, currency: str, into: str | None = None, day: int | None = None) -> Fraction:
        """Return minor units of ``into`` that a minor unit is worth; 0 where nobody knows.

        Parameters
        ----------
        currency, into
            From what; to what, the root's unless said.
        day
            Days since 1970-01-01: at the rates of then, those in force unless said.
        """
        into = into or self.into
        if currency == into:
            return Fraction(1)
        for rates in self._nearest(day):
            of, to = rates.worth(currency), rates.worth(into)
            if of is not None and to is not None:
                return of / to * Fraction(10) ** (exponent_of(into) - exponent_of(currency))
        return Fraction(0)

    @property
    def _in_force(self) -> Rates:
        return self.sets[-1] if self.sets else Rates(0, self.into)

    def _nearest(self, day: int | None) -> Iterator[Rates]:
        """Yield sets: that of a day, those after it, and those before, the nearest first."""
        at = len(self.sets) - 1
        while day is not None and at > 0 and self.sets[at].since > day:
            at -= 1
        yield from self.sets[max(at, 0) :]
        yield from reversed(self.sets[: max(at, 0)])


def exchange_of(
    draft: Draft,
    tree: Tree,
    clock: tuple[int, int],
    currencies: tuple[Iterable[str], Iterable[str]],
    before: Sequence[Rates],
) -> Exchange:
    """Return what a tree reckons with.

    Parameters
    ----------
    draft
        Knows the rates.
    tree
        The groups.
    clock
        The first local day that is shared out for, and the moment, in seconds.
    currencies
        Of those who take part; and of those who did, which are reckoned where they can be.
    before
        The sets that the tree has reckoned with.
    """
    (day, now), into = clock, tree.groups[0].group.currency
    inside = {group.currency for _, group in tree.of_each()}
    required = sorted({*currencies[0], *inside} - {into})
    wanted = sorted({*required, *currencies[1]} - {into})
    held, present = _sets(tree, day, into, before)
    found = {each: _way(draft, each, into, now) for each in wanted if each not in present.ways}
    ways = {each: way for each, way in found.items() if way and _is_fresh(way, now)}
    stale = {each: way for each, way in found.items() if way and each not in ways}
    present = replace(present, ways={**present.ways, **ways})
    sets = (*held, present) if present.ways or held else ()
    return Exchange(
        into=into,
        required=tuple(required),
        sets=sets,
        stale={each: way for each, way in stale.items() if each in required},
        used=any(each in rates.ways for each in wanted for rates in sets),
    )


def _sets(
    tree: Tree, day: int, into: str, before: Sequence[Rates]
) -> tuple[tuple[Rates, ...], Rates]:
    """Return the earlier sets that some period of the tree has days of, and the one in force."""
    same = [each for each in before if each.into == into and each.since <= day]
    renewed, first = _began(tree, day)
    if not same or same[-1].since < renewed:
        same.append(Rates(day, into))
    ends = [each.since for each in same[1:]]
    held = [each for each, end in zip(same, ends, strict=False) if end > first]
    return tuple(held), same[-1]


def _began(tree: Tree, day: int) -> tuple[int, int]:
    """Return when the longest period of a tree began, and the one that began first."""
    begun = []
    for _, group in tree.of_each():
        period, flight = group.budget.period.value, None
        if group.flight_start is not None and group.flight_end is not None:
            flight = day_number(group.flight_start), day_number(group.flight_end)
        begun.append((_LENGTHS.index(period), period_of(period, day, flight)[0]))
    return max(begun)[1], min(first for _, first in begun)


def _way(draft: Draft, currency: str, into: str, now: int) -> Way:
    """Return the best way from one currency to another; empty where there is none.

    A fresh one before one that is too old, a straight one before one by a third currency, of these
    the newest.
    """
    ways = list(_ways(draft, currency, into))
    return min(ways, key=lambda way: (not _is_fresh(way, now), len(way), _age(way)), default=())


def _ways(draft: Draft, currency: str, into: str) -> Iterator[Way]:
    for key in sorted(draft.keys_of(RATES)):
        names = key.decode().split("/")
        if currency not in names:
            continue
        third = names[1 - names.index(currency)]
        first = _pair(draft, key)
        if first is not None and third == into:
            yield (first,)
        second = _pair(draft, pair_key(third, into)) if third != into else None
        if first is not None and second is not None:
            yield first, second


def _pair(draft: Draft, key: bytes) -> Pair | None:
    known = unpack(draft.read_of(RATES, key))
    return None if known is None or known.withdrawn else known.pair


def _is_fresh(way: Way, now: int) -> bool:
    return all(now - pair.as_of <= OLDEST for pair in way)


def _age(way: Way) -> int:
    return -min(pair.as_of for pair in way)
