"""A report as numbers: everything that is to be seen, before any of it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from schemas import (
    AuditEntry,
    AuditStatus,
    CampaignKey,
    MetricsEvent,
    Outcome,
    Plan,
    Recommendation,
)
from workers.report.calibration import Calibration
from workers.report.cohort_rows import CohortTriangle
from workers.report.heat import Week
from workers.report.holding import Hold
from workers.report.outcomes import Advised
from workers.report.pace import Pace
from workers.report.rates import Rates
from workers.report.standing import Stands
from workers.report.totals import Account, Stretch, Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What was read of the topics; each is gone through once, in the order of the fields."""

    plans: Iterable[Plan] = ()
    metrics: Iterable[MetricsEvent] = ()
    recommendations: Iterable[Recommendation] = ()
    audit: Iterable[AuditEntry] = ()
    outcomes: Iterable[Outcome] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a report is to be about."""

    campaigns: tuple[str, ...] = ()
    """Texts; campaigns whose key holds one of them are shown. None: those of most spend."""
    since: int | None = None
    """First second; None: the first decision by a plan and fresh data, or else the first hour."""
    until: int | None = None
    """The second after the last; None: the end of the newest hour."""
    whole_trail: bool = False
    """Whether entries of the audit trail that were written after ``until`` count as well."""
    most: int = 12
    """How many campaigns are shown one by one, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One campaign that is shown by itself."""

    key: CampaignKey
    pace: Pace
    week: Week
    totals: Totals
    cohorts: CohortTriangle | None = None
    """None where no revenue was told otherwise at a later age."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much was decided in the report's stretch."""

    decisions: int
    """Recommendations with a value."""
    changes: int
    """Those of them that changed it."""
    held: int
    """Recommendations that were holds."""
    held_campaigns: int
    audit: Counter[AuditStatus]
    """Audit entries by status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The same stretch of time in two worlds, for the campaigns that are in both."""

    name: str
    """What the other world is called."""
    ours: dict[Account, Totals]
    others: dict[Account, Totals]
    campaigns: int
    left_out: int
    """Campaigns that are in one world only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that a page shows."""

    stretch: Stretch
    latest: int
    """Second of the newest record."""
    models: tuple[str, ...]
    """What made the recommendations, by its versions."""
    campaigns: int
    """How many there are, shown or not."""
    accounts: dict[Account, Totals]
    counts: Counts
    shown: tuple[Shown, ...]
    calibration: Calibration
    rates: Rates
    advised: Advised
    holds: list[Hold]
    standing: list[Stands]
    """Advice beside hours that holds now."""
    comparison: Comparison | None = None
