"""Windows of hours that people exclude: kept as few as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from schemas.condition import Window
from schemas.decision import Decision

KEPT: Final = timedelta(days=400)
"""How far before the newest window one may end and still be told: its hours are long forgotten."""


def with_window(windows: Sequence[Window], decision: Decision) -> tuple[Window, ...]:
    """Return windows with the decision's among them, in order; those that meet become one.

    The decision is one to exclude a window.
    """
    start, end = decision.window_start, decision.window_end
    given = sorted([*((each.start, each.end) for each in windows), *_pair(start, end)])
    merged: list[tuple[datetime, datetime]] = []
    for first, last in given:
        if merged and first <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(last, merged[-1][1])
        else:
            merged.append((first, last))
    newest = merged[-1][1] if merged else None
    return tuple(
        Window(start=first, end=last)
        for first, last in merged
        if newest is None or newest - last <= KEPT
    )


def _pair(start: datetime | None, end: datetime | None) -> list[tuple[datetime, datetime]]:
    return [(start, end)] if start is not None and end is not None else []
