"""Response curves of many campaigns, of one family or of several: value as a function of spend."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.arrays import BLOCK, Bools, Floats, Ints, blocks, picked
from engine.curve_families import (
    EXPONENTIAL,
    FAMILIES,
    HILL,
    LOGARITHM,
    MICHAELIS_MENTEN,
    POWER,
)
from engine.curve_family import Coefficients, Family
from engine.errors import EngineError

STEEPEST: Final = 20.0
"""Largest exponent of a Hill curve: beyond it a curve is a step."""

Question = Callable[..., Floats]
"""Of a family, its coefficients and amounts."""


@dataclass(frozen=True, slots=True)
class Part:
    """The campaigns whose curves are of one family."""

    family: Family
    at: Ints | slice
    of: Coefficients


class Curves:
    """Response curves of B campaigns: expected value of a period as a function of its spend.

    Parameters
    ----------
    family
        Shape (B,): ``POWER``, ``LOGARITHM``, ``EXPONENTIAL``, ``MICHAELIS_MENTEN`` or ``HILL`` of
        ``engine.curve_families``.
    scale
        Shape (B,), value, >= 0; 0 brings nothing whatever is spent.
    half
        Shape (B,), spend in the unit that is asked in, > 0; any number for ``POWER``.
    exponent
        Shape (B,), without unit: in (0, 1) for ``POWER``, in (0, 20] for ``HILL``, else any number.

    Raises
    ------
    EngineError
        A coefficient is out of its range or not a number, or shapes differ; names a campaign.
    """

    __slots__ = ("exponent", "family", "half", "parts", "scale")

    def __init__(self, family: Ints, scale: Floats, half: Floats, exponent: Floats) -> None:
        self.family = np.asarray(family, dtype=np.int64)
        self.scale, self.half, self.exponent = (
            np.asarray(each, dtype=np.float64) for each in (scale, half, exponent)
        )
        _check(self)
        self.parts = _parts(self)

    def __len__(self) -> int:
        """Return B."""
        return len(self.scale)

    def value(self, spend: Floats) -> Floats:
        """Return what a spend >= 0 brings; shape (B,)."""
        return self._asked(lambda family, *rest: family.value(*rest), spend)

    def gain(self, spend: Floats, more: Floats) -> Floats:
        """Return what ``more`` >= 0 brings on top of ``spend`` >= 0, without cancellation."""
        return self._asked(lambda family, *rest: family.gain(*rest), spend, more)

    def log_marginal(self, spend: Floats) -> Floats:
        """Return the log of the value of a unit more; infinite for a power curve at 0."""
        with np.errstate(divide="ignore"):
            return self._asked(lambda family, *rest: family.log_marginal(*rest), spend)

    def fall(self, spend: Floats) -> Floats:
        """Return by how much the spend at a price falls for a rise of the log price by one."""
        return self._asked(lambda family, *rest: family.fall(*rest), spend)

    def log_reference(self) -> Floats:
        """Return the log price of each curve that ``spend_at`` is asked against; shape (B,)."""
        with np.errstate(divide="ignore"):
            return self._asked(lambda family, of: family.log_reference(of))

    def spend_at(self, below: Floats) -> Floats:
        """Return the spends whose marginal values have fallen to a price, shape (B,).

        ``below`` is by how much the log price lies below each curve's reference. The spend is
        negative where even the first unit is not worth the price, infinite where all are.
        """
        return self._asked(lambda family, *rest: family.spend_at(*rest), below)

    def of(self, at: Ints | slice) -> Curves:
        """Return the curves of some campaigns."""
        # What was checked once is not checked again.
        some = Curves.__new__(Curves)
        some.scale, some.exponent = picked(self.scale, at), picked(self.exponent, at)
        some.family, some.half = picked(self.family, at), picked(self.half, at)
        if len(self.parts) == 1:
            of = Coefficients(some.scale, some.half, some.exponent)
            some.parts = (Part(self.parts[0].family, slice(None), of),)
        else:
            some.parts = _parts(some)
        return some

    def _asked(self, question: Question, *amounts: Floats) -> Floats:
        if len(self.parts) == 1 and len(self) <= BLOCK:
            part = self.parts[0]
            return question(part.family, part.of, *amounts)
        whole = np.empty(len(self))
        for part in self.parts:
            for at, of in _blocks(part):
                whole[at] = question(part.family, of, *(each[at] for each in amounts))
        return whole


def power(scale: Floats, exponent: Floats) -> Curves:
    """Return curves ``scale * spend ** exponent``; ``exponent`` in (0, 1)."""
    return _of_one(POWER, scale, np.broadcast_to(1.0, len(scale)), exponent)


def logarithm(scale: Floats, half: Floats) -> Curves:
    """Return curves ``scale * log(1 + spend / half)``."""
    return _of_one(LOGARITHM, scale, half, np.ones(len(scale)))


def exponential(scale: Floats, half: Floats) -> Curves:
    """Return curves ``scale * (1 - exp(-spend / half))``."""
    return _of_one(EXPONENTIAL, scale, half, np.ones(len(scale)))


def michaelis_menten(scale: Floats, half: Floats) -> Curves:
    """Return curves ``scale * spend / (spend + half)``."""
    return _of_one(MICHAELIS_MENTEN, scale, half, np.ones(len(scale)))


def hill(scale: Floats, half: Floats, exponent: Floats) -> Curves:
    """Return curves ``scale * spend**exponent / (spend**exponent + half**exponent)``."""
    return _of_one(HILL, scale, half, exponent)


def joined(several: Sequence[Curves]) -> Curves:
    """Return the curves of several, one after the other."""
    return Curves(
        np.concatenate([each.family for each in several]),
        np.concatenate([each.scale for each in several]),
        np.concatenate([each.half for each in several]),
        np.concatenate([each.exponent for each in several]),
    )


def _parts(curves: Curves) -> tuple[Part, ...]:
    kinds = np.flatnonzero(np.bincount(curves.family)).tolist()
    found = []
    for kind in kinds:
        at = slice(None) if len(kinds) == 1 else np.flatnonzero(curves.family == kind)
        of = Coefficients(curves.scale[at], curves.half[at], curves.exponent[at])
        found.append(Part(FAMILIES[kind], at, of))
    return tuple(found)


def _blocks(part: Part) -> Iterator[tuple[Ints | slice, Coefficients]]:
    """Return the campaigns of a part some at a time."""
    of = part.of
    for some in blocks(len(of.scale)):
        at = some if isinstance(part.at, slice) else part.at[some]
        yield at, Coefficients(of.scale[some], of.half[some], of.exponent[some])


def _of_one(kind: int, scale: Floats, half: Floats, exponent: Floats) -> Curves:
    return Curves(np.broadcast_to(kind, len(scale)), scale, half, exponent)


def _check(curves: Curves) -> None:
    shape = curves.family.shape
    for name in ("scale", "half", "exponent"):
        found = getattr(curves, name).shape
        if len(shape) != 1 or found != shape:
            raise EngineError(f"curves need one {name} each, had {found} for {shape} families")
    power_curve, hill_curve = curves.family == POWER, curves.family == HILL
    exponent = curves.exponent
    _refuse((curves.family < 0) | (curves.family >= len(FAMILIES)), "family is not known", curves)
    _refuse(~((curves.scale >= 0.0) & (curves.scale < np.inf)), "scale must be >= 0", curves)
    wrong = ~power_curve & ~((curves.half > 0.0) & (curves.half < np.inf))
    _refuse(wrong, "half must be > 0", curves)
    wrong = power_curve & ~((exponent > 0.0) & (exponent < 1.0))
    _refuse(wrong, "exponent of a power curve must lie in (0, 1)", curves)
    wrong = hill_curve & ~((exponent > 0.0) & (exponent <= STEEPEST))
    _refuse(wrong, f"exponent of a Hill curve must lie in (0, {STEEPEST:g}]", curves)


def _refuse(wrong: Bools, what: str, curves: Curves) -> None:
    if np.any(wrong):
        at = int(np.argmax(wrong))
        found = ", ".join(
            f"{name} {getattr(curves, name)[at]}" for name in ("scale", "half", "exponent")
        )
        raise EngineError(f"{what}, campaign {at} has {found}")
