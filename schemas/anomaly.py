"""Anomalies: counts of closed days that are suspected to be wrong, as conditions tell of them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.fields import Utc
from schemas.record import Part, refuse_unordered
from schemas.suspicion import Evidence

MOST_AMOUNT = 1e18
"""The largest amount that is told of; of more, as much."""

Amount = Annotated[float, Meta(ge=0.0, le=MOST_AMOUNT)]


class Signal(StrEnum):
    """What is odd, each held against what comes before it in the funnel."""

    IMPRESSIONS = "impressions"
    """For the money."""
    CLICKS = "clicks"
    """For the impressions."""
    SPEND = "spend"
    """In hours that no budget cut off."""
    CONVERSIONS = "conversions"
    """For the clicks, by when the day closes."""
    REVENUE = "revenue"
    """For the conversions."""


class Change(StrEnum):
    """In what way."""

    OUTAGE = "outage"
    """To a tenth or less."""
    DROP = "drop"
    SPIKE = "spike"
    """To three times or more."""
    SINKING = "sinking"
    """Slowly, to half or less."""
    RISING = "rising"
    """Slowly, to twice or more."""


class Effect(StrEnum):
    """What follows from it."""

    TOLD = "told"
    """Nothing: a person is told."""
    UNLEARNED = "unlearned"
    """Its hours are not learned from."""
    HELD = "held"
    """Its hours are not learned from, and as long as it goes on nothing is changed."""


class Anomaly(Part, frozen=True, kw_only=True):
    """One signal that is odd, from ``since`` until ``until``, or still when the day closed.

    Of an account, ``expected`` are its campaigns and ``counted`` those that are odd alike.
    """

    signal: Signal
    change: Change
    effect: Effect
    since: Utc
    until: Utc | None = None
    evidence: Evidence
    expected: Annotated[
        Amount, Meta(description="up to its likeliest end; money in the account's currency")
    ]
    counted: Amount

    def _check(self) -> None:
        if self.until is not None:
            refuse_unordered(("since", "until"), self.since, self.until)
