"""What the members of a group have spent, by currency and day: exact sums over all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final

import numpy as np

from engine.arrays import Bools, Ints, Rows
from workers.allocator.crews import Crew, read_lives, values_of
from workers.allocator.draft import Draft
from workers.allocator.member_tables import BLOCK, rows_of
from workers.allocator.past import has_past

ByDay = Mapping[tuple[str, int | None], int]
"""Minor units by currency and day; of no day, what is taken to be spent on days that are late."""

_HALF: Final = 31
"""Bits at a time that amounts are summed by: no sum of so many members is too large then."""


class Spent:
    """What members of one group spent before a local day, whether they still take part or not.

    A day that was told in two currencies counts in the member's present one.
    """

    def __init__(self, draft: Draft, crew: Crew, at: int, day: int) -> None:
        """Prepare to sum what members of the group ``at`` spent before ``day``."""
        self._draft, self._key, self._day = draft, crew.keys[at], day
        self._newest = crew.rosters[at].newest
        self._active = frozenset(crew.active[at])
        self._known: dict[int, ByDay] = {}

    def since(self, first: int) -> ByDay:
        """Return what was spent from a local day on."""
        if first not in self._known:
            names = [
                name
                for name, newest in self._newest.items()
                if newest >= first or name in self._active
            ]
            spent: Counter[tuple[str, int | None]] = Counter()
            for begin in range(0, len(names), BLOCK):
                self._add(spent, names[begin : begin + BLOCK], first)
            self._known[first] = spent
        return self._known[first]

    def _add(self, spent: Counter[tuple[str, int | None]], names: list[bytes], first: int) -> None:
        moved = [has_past(self._draft, self._key, name) for name in names]
        one_life = [name for name, is_moved in zip(names, moved, strict=True) if not is_moved]
        values = values_of(self._draft, self._key, one_life)
        for at, heads, days in rows_of(values):
            self._add_late(spent, [one_life[each] for each in at.tolist()], heads, first)
            inside = (days["day"] >= first) & (days["day"] < self._day)
            self._add_days(spent, heads, days, inside)
        for name, is_moved in zip(names, moved, strict=True):
            if is_moved:
                self._add_lives(spent, name, first)

    def _add_lives(self, spent: Counter[tuple[str, int | None]], name: bytes, first: int) -> None:
        """Add a member that has changed its currency."""
        lives = list(read_lives(self._draft, self._key, name))
        self._add_late(spent, [name], lives[0][0], first)
        for number, (head, days) in enumerate(lives):
            inside = (days["day"] >= first) & (days["day"] < self._day)
            for _, others in lives[:number]:
                inside &= ~np.isin(days["day"], others["day"])
            self._add_days(spent, head, days[None], inside[None])

    def _add_late(
        self,
        spent: Counter[tuple[str, int | None]],
        names: list[bytes],
        heads: Rows,
        first: int,
    ) -> None:
        """Add budgets for days of those who take part that are not closed."""
        begins = [
            max(self._newest[name] + 1, first) if name in self._active else self._day
            for name in names
        ]
        missing = np.maximum(self._day - np.array(begins), 0)
        for at in np.flatnonzero(missing).tolist():
            currency, budget = heads["currency"][at].decode(), int(heads["budget"][at])
            spent[currency, None] += int(missing[at]) * budget

    def _add_days(
        self,
        spent: Counter[tuple[str, int | None]],
        heads: Rows,
        days: Rows,
        inside: Bools,
    ) -> None:
        """Add days (N, D), where they are ``inside``, of members with heads (N,)."""
        for name in np.unique(heads["currency"]).tolist():
            mine = inside & (heads["currency"] == name)[:, None]
            of, amounts = days["day"][mine], days["spend"][mine]
            for day, amount in _sums(of, amounts).items():
                spent[name.decode(), day] += amount


def _sums(days: Ints, amounts: Ints) -> Mapping[int, int]:
    """Return by day the exact sum of amounts."""
    every, place = np.unique(days, return_inverse=True)
    high, low = (np.zeros(len(every), dtype=np.int64) for _ in range(2))
    np.add.at(high, place, amounts >> _HALF)
    np.add.at(low, place, amounts & ((1 << _HALF) - 1))
    sums = zip(every.tolist(), high.tolist(), low.tolist(), strict=True)
    return {day: (above << _HALF) + below for day, above, below in sums}
