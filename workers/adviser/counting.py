"""How reports count conversions, as they say themselves: what it makes of young hours.

Conversions that are counted in the hour of the click come late, so young hours have few of them.
Those counted in the hour in which they came are all there at once: they belong to clicks of before,
and as long as clicks stay as many, there are as many of them as those clicks will have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from schemas import MetricsEvent
from schemas.breakdown import Conversions
from schemas.metrics import ConversionTimeBasis

WAYS: Final = (Conversions.SO_FAR, Conversions.AS_THEY_CAME, Conversions.ALL)
"""From the one that says least to the one that says most."""

SO_FAR, AS_THEY_CAME, ALL = range(3)
"""Their numbers, as tables keep them."""


def counted_by(event: MetricsEvent) -> int:
    """Return which of `WAYS` an hour's conversions are counted by."""
    if event.is_final:
        return ALL
    return AS_THEY_CAME if event.conversion_time_basis is ConversionTimeBasis.CONVERSION else SO_FAR


def counted_all_day(hours: Iterable[int]) -> Conversions:
    """Return what can be said of all of a day's hours."""
    return WAYS[min(hours, default=SO_FAR)]
