"""The words and the table below a cohort triangle."""

from __future__ import annotations

from typing import Final

from engine.cohorts import LIFETIME
from workers.report.cohort_figure import row_name
from workers.report.cohort_rows import ENOUGH_CONVERSIONS, CohortTriangle, Row, Worth
from workers.report.wording import NOTHING, amount, count, ratio

HEADINGS: Final = (
    *("Clicks of", "Conversions", "Spend", "Revenue so far", "per spend"),
    *("Lifetime value", "80 % interval", "per spend"),
)
KINDS: Final = ("", "n", "n", "n", "n", "n", "n", "n")

NONE: Final = (
    "No cohorts: no revenue of this campaign was told otherwise at a later age of whole days, so "
    "nothing says how it grows."
)


def cohort_note(found: CohortTriangle | None) -> str:
    """Return what the triangle shows, or why there is none."""
    if found is None:
        return NONE
    rows = "week from Monday on" if found.weekly else "day"
    return (
        f"Each row is the clicks of one local {rows}, each column an age. Solid: observed. Light "
        "and hatched: foreseen. Grey: "
        f"fewer than {ENOUGH_CONVERSIONS:.0f} conversions, too few to judge. Lifetime is "
        f"{LIFETIME:.0f} days; nobody has lived beyond {count(int(found.oldest))} days here, and "
        "what is foreseen beyond what campaigns of the platform have lived to is a curve, bounded "
        "to half as much again."
    )


def cohort_table(found: CohortTriangle | None, currency: str) -> list[list[str]]:
    """Return the rows, newest first."""
    if found is None:
        return []
    return [_cells(row, currency) for row in reversed(found.rows)]


def _cells(row: Row, currency: str) -> list[str]:
    worth = row.lifetime
    return [
        row_name(row),
        count(round(row.conversions, 1)),
        amount(row.spend, currency),
        amount(row.now, currency),
        ratio(_per(row.now, row.spend)),
        amount(worth.middle, currency) if not row.thin else NOTHING,
        _limits(worth, currency) if not row.thin else "too few conversions",
        ratio(_per(worth.middle, row.spend)) if not row.thin else NOTHING,
    ]


def _limits(worth: Worth, currency: str) -> str:
    return f"{amount(worth.low, currency)} to {amount(worth.high, currency)}"


def _per(value: float, spend: float) -> float | None:
    return value / spend if spend > 0.0 else None
