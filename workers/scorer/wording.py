"""Verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from schemas import Measured, Verdict
from workers.report.wording import counted, exact

_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "spend": "spend",
        "conversions": "conversions",
        "revenue": "revenue",
        "roas": "revenue per spend",
        "cpa": "cost per conversion",
    }
)
_VERDICTS: Final[Mapping[Verdict, str]] = MappingProxyType(
    {
        Verdict.AS_PROJECTED: "as projected",
        Verdict.MORE: "more than projected",
        Verdict.LESS: "less than projected",
        Verdict.OVERTAKEN: "something else took its place before a whole day of it had passed, or "
        "the plan changed before its period ended: there is nothing to hold it against",
    }
)


def in_words(
    horizon: int, currency: str, verdict: Verdict, shown: tuple[str, Measured] | None
) -> str:
    """Return the verdict after ``horizon`` days, by the number that is ``shown``."""
    after = f"After {counted(horizon, 'day')}"
    if shown is None:
        return f"{after}: {_VERDICTS[verdict]}."
    name, found = shown
    low, high, came = (
        _number(name, float(each), currency) for each in (found.p10, found.p90, found.realised)
    )
    off = ""
    if found.error_pct is not None:
        side = "above" if found.error_pct >= 0.0 else "below"
        off = f", {abs(found.error_pct):.1f} % {side} the middle"
    return f"{after}: {_NAMES[name]} {came}, projected {low} to {high}: {_VERDICTS[verdict]}{off}."


def _number(name: str, value: float, currency: str) -> str:
    if name in {"spend", "revenue", "cpa"}:
        return exact(value, currency)
    return f"{value:,.2f}"
