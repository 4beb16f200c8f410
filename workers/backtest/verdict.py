"""Whether a back-test is good enough: for those who ask before they let a change in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from workers.backtest.contest import OURS
from workers.backtest.run import Result
from workers.errors import UsageError, WorkerError


class Measure(StrEnum):
    """What Pacekeeper's value is held against."""

    BEST = "best"
    """The best of the other controllers."""
    OPTIMUM = "optimum"
    """The best purchase of hindsight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a ratio stands to what was asked for."""

    measure: Measure
    ratio: float
    """The middle over the draws."""
    limit: float

    @property
    def failed(self) -> bool:
        """Whether the ratio is below the limit."""
        return self.ratio < self.limit

    def told(self) -> str:
        """Say it in a sentence."""
        against = {
            Measure.BEST: "the best other controller's",
            Measure.OPTIMUM: "that of the best purchase of hindsight",
        }
        stands = "below" if self.failed else "not below"
        return (
            f"Pacekeeper's value over {against[self.measure]} is {self.ratio:.4f}, "
            f"{stands} {self.limit:g}"
        )


def check_measure(measure: Measure, controllers: tuple[str, ...]) -> None:
    """Refuse to judge what is not going to be played, before anything is.

    Raises
    ------
    UsageError
        Pacekeeper is missing, or everyone that it is to be held against.
    """
    if OURS not in controllers:
        raise UsageError(
            "--fail-below judges Pacekeeper, which is not played",
            remedy="add pacekeeper to --strategy",
        )
    if measure is Measure.BEST and len(controllers) == 1:
        raise UsageError(
            "--fail-below holds Pacekeeper against the best of the others, and none is played",
            remedy="add some to --strategy, or give --fail-of optimum",
        )


def verdict(result: Result, measure: Measure, limit: float) -> Verdict:
    """Judge a result that Pacekeeper is part of.

    Raises
    ------
    WorkerError
        It is to be held against the best of the others, and none of them kept to its budget.
    """
    if measure is Measure.OPTIMUM:
        ours = next(each for each in result.standings if each.controller == OURS)
        return Verdict(measure=measure, ratio=ours.value.p50, limit=limit)
    if result.lead is None:
        raise WorkerError(
            "none of the others kept to its budget, so there is nobody to hold Pacekeeper against",
            remedy="leave --no-stop out, or give --fail-of optimum",
        )
    return Verdict(measure=measure, ratio=result.lead.ratio.p50, limit=limit)
