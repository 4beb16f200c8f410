"""Shapes of spend as priors carry them, put together for each campaign."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

import numpy as np

from engine.arrays import Floats, Ints
from engine.day_shapes import DayShapes, ShapeSums, no_days, of_campaigns, pooled
from schemas import Prior, SchemaError, account_key, decode
from schemas.keys import EVERYTHING
from workers.spend_days import read

_Levels: TypeAlias = "tuple[bytes | None, bytes | None, bytes | None]"
"""The records of all campaigns, of the platform and of the account."""

_MOST: Final = 4_096
"""Records, and triples of them, that are remembered; each takes some 6 kB."""


_SLICE: Final = 256
"""Triples that are blended at once: so many fit the cache."""


class _Known(NamedTuple):
    """What one record says."""

    sums: ShapeSums
    version: int = 0
    unreadable: int = 0


class _Blend(NamedTuple):
    """What three records say together."""

    mean: Floats
    covariance: Floats
    version: int
    unreadable: int


class ShapeBook:
    """Memo of pooled shapes: a record is read once, and what three say together once."""

    def __init__(self) -> None:
        """Begin empty; the memo is bounded."""
        self._known: Callable[[bytes | None], _Known] = lru_cache(maxsize=_MOST)(_known)
        self._blends: dict[_Levels, _Blend] = {}

    def shapes(
        self, latest: Mapping[bytes, bytes], accounts: Sequence[tuple[str, str]]
    ) -> tuple[DayShapes, Ints, int]:
        """Return the shapes for campaigns of accounts, given as platform and account.

        An account's days lean on its platform's, these on all campaigns', and these on what is
        assumed where nobody has taught anything. The versions, (B,), are the sums of those of the
        three records, as far as they tell of spend; 0 is none. A record that cannot be read is
        left out; beside the versions is how often.
        """
        index: dict[tuple[str, str], int] = {}
        rows = np.array([index.setdefault(each, len(index)) for each in accounts], dtype=np.int64)
        blends = self._blended(_levels(latest, index))
        shapes = DayShapes(
            mean=np.array([blend.mean for blend in blends]),
            covariance=np.array([blend.covariance for blend in blends]),
        )
        versions = np.array([blend.version for blend in blends], dtype=np.int64)
        unreadable = np.array([blend.unreadable for blend in blends], dtype=np.int64)
        # Rows are numbered as they first come: where all differ they are in place.
        of_each = shapes if len(index) == len(rows) else shapes.of(rows)
        return of_each, versions[rows], int(unreadable[rows].sum())

    def _blended(self, wanted: Sequence[_Levels]) -> list[_Blend]:
        new = [each for each in dict.fromkeys(wanted) if each not in self._blends]
        for at in range(0, len(new), _SLICE):
            part = new[at : at + _SLICE]
            self._blends |= zip(part, self._blend(part), strict=True)
        blends = [self._blends[each] for each in wanted]
        for each in list(islice(self._blends, max(len(self._blends) - _MOST, 0))):
            del self._blends[each]
        return blends

    def _blend(self, wanted: Sequence[_Levels]) -> list[_Blend]:
        """Blend many at once, which is several times as fast."""
        known = [[self._known(value) for value in each] for each in wanted]
        scopes = [_stacked([each.sums for each in scope]) for scope in zip(*known, strict=True)]
        shapes = pooled(scopes[-1], scopes[:-1])
        said = [(sum(k.version for k in ks), sum(k.unreadable for k in ks)) for ks in known]
        parts = zip(shapes.mean, shapes.covariance, said, strict=True)
        return [_Blend(mean.copy(), covariance.copy(), *both) for mean, covariance, both in parts]


def _levels(
    latest: Mapping[bytes, bytes], accounts: Mapping[tuple[str, str], int]
) -> list[_Levels]:
    everything = latest.get(EVERYTHING)
    return [
        (everything, latest.get(platform.encode()), latest.get(account_key(platform, account)))
        for platform, account in accounts
    ]


def _known(value: bytes | None) -> _Known:
    if value is None:
        return _Known(no_days())
    try:
        prior = decode(value, Prior)
    except SchemaError:
        return _Known(no_days(), unreadable=1)
    if prior.spend is None:
        return _Known(no_days())
    return _Known(of_campaigns(read(prior.spend), prior.campaigns), prior.version)


def _stacked(sums: Sequence[ShapeSums]) -> ShapeSums:
    """Return sums row by row; one row where they are all the same, as those of all campaigns."""
    if all(each is sums[0] for each in sums):
        sums = sums[:1]
    return ShapeSums(
        days=np.array([each.days for each in sums]),
        total=np.array([each.total for each in sums]),
        products=np.array([each.products for each in sums]),
        weeks=np.array([each.weeks for each in sums]),
        levels=np.array([each.levels for each in sums]),
    )
