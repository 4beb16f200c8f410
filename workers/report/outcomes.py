"""What became of advice that was followed: how often it came as projected, and whether it paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from engine.calibration import Calibration, calibration
from schemas import Outcome, Verdict
from workers.report.totals import Stretch

BINS = 5
"""Parts that changes are told apart into by their confidence, of as many changes each."""


class Scored(NamedTuple):
    """One outcome, as its last version has it."""

    version: int
    kind: str
    horizon: int
    at: int
    """Second from which on the advice counted."""
    verdict: Verdict
    provisional: bool
    confidence: float
    gained: bool | None


class Tally(NamedTuple):
    """Outcomes of one kind of advice after one horizon."""

    kind: str
    horizon: int
    inside: int
    more: int
    less: int
    provisional: int
    overtaken: int

    @property
    def settled(self) -> int:
        """Outcomes that stand: neither provisional nor overtaken."""
        return self.inside + self.more + self.less


class Advised(NamedTuple):
    """All that a report says of outcomes."""

    tallies: tuple[Tally, ...]
    """By kind and horizon."""
    paid: Calibration | None
    """Confidence of changes of budgets against how many gained; None without any."""


@dataclass(slots=True)
class Outcomes:
    """Takes outcomes in any order; of a recommendation and horizon the highest version counts."""

    _last: dict[tuple[str, int], Scored] = field(default_factory=dict)

    def add(self, outcomes: Iterable[Outcome]) -> None:
        """Take in outcomes."""
        for one in outcomes:
            name = one.recommendation_id, one.horizon_days
            known = self._last.get(name)
            if known is None or one.version >= known.version:
                self._last[name] = _scored(one)

    def advised(self, stretch: Stretch) -> Advised:
        """Return what became of the advice that took effect in a stretch."""
        inside = {name: one for name, one in self._last.items() if one.at in stretch}
        groups: dict[tuple[str, int], list[Scored]] = {}
        for one in inside.values():
            groups.setdefault((one.kind, one.horizon), []).append(one)
        tallies = tuple(_tally(*name, some) for name, some in sorted(groups.items()))
        return Advised(tallies=tallies, paid=_paid(inside))


def _scored(one: Outcome) -> Scored:
    return Scored(
        version=one.version,
        kind=one.kind.value,
        horizon=one.horizon_days,
        at=int(one.effective_from.timestamp()),
        verdict=one.verdict,
        provisional=one.provisional,
        confidence=one.confidence,
        gained=None if one.gain is None else one.gain > 0,
    )


def _tally(kind: str, horizon: int, some: Sequence[Scored]) -> Tally:
    stand = [one.verdict for one in some if not one.provisional]
    return Tally(
        kind=kind,
        horizon=horizon,
        inside=stand.count(Verdict.AS_PROJECTED),
        more=stand.count(Verdict.MORE),
        less=stand.count(Verdict.LESS),
        provisional=len(some) - len(stand),
        overtaken=stand.count(Verdict.OVERTAKEN),
    )


def _paid(found: dict[tuple[str, int], Scored]) -> Calibration | None:
    """Return whether changes gained as often as they were sure to: each by its longest horizon."""
    longest: dict[str, Scored] = {}
    for (name, _), one in sorted(found.items(), key=lambda item: item[0]):
        # In the order of the horizons: a longer one takes the place of a shorter.
        if one.gained is not None and not one.provisional:
            longest[name] = one
    if not longest:
        return None
    sure = np.array([one.confidence for one in longest.values()])
    won = np.array([float(bool(one.gained)) for one in longest.values()])
    return calibration(sure, np.ones(len(sure)), won, bins=BINS)
