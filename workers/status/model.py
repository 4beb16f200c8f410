"""How campaigns stand, as numbers: what `pacekeeper status --json` prints, a line for each."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum

import msgspec

from schemas.fields import BudgetPeriod
from workers.status.governing import Governed, Waits


class Level(IntEnum):
    """How urgently somebody should look at a campaign."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """What it is called."""
        return self.name.lower()


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """An uncertain number: the true one lies between ``low`` and ``high`` four times of five."""

    low: float
    middle: float | None
    """None where there is nothing to reckon it from."""
    high: float | None
    """None where nothing bounds it."""


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """What is spent of a budget."""

    spent: float
    budget: float | None = None
    """None where there is none for that stretch of time."""
    share: float | None = None
    """``spent / budget``."""


class Worst(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform's days, weeks and months may come to by its rules of over-delivery."""

    daily_budget: float
    """The daily budget that is asked about, as it stands at the platform."""
    day: float
    week: float
    month: float


class Projection(msgspec.Struct, frozen=True, kw_only=True):
    """Where the period is heading, by the last decision."""

    pace: float | None = None
    """Spent over what the learned pattern meant to be spent by then; 1 is as meant."""
    p10: float | None = None
    p50: float | None = None
    p90: float | None = None
    exhaustion: float | None = None
    """Probability that the budget is used up before the end of the period."""
    exhausts_at: datetime | None = None
    confidence: float = 0.0
    """Of the decision, in [0, 1]."""


class Brought(msgspec.Struct, frozen=True, kw_only=True):
    """What the last seven days brought; what is still to be reported is counted in."""

    spend: float
    conversions: float
    revenue: float
    conversions_told: float
    """Of these, what is reported by now; of revenue likewise."""
    revenue_told: float
    cpa: Limits
    roas: Limits
    conversion_rate: Limits
    """Conversions per click."""
    efficiency: float | None = None
    """Target over cost per conversion: above 1 is better than asked; None without a target."""
    trend: int = 0
    """1 where conversions became clearly cheaper than in the seven days before, -1 dearer."""
    evidence: float = 0.0
    """In [0, 1): a half at 20 conversions."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """Why a campaign is left alone, and since when."""

    reason: str
    text: str
    since: datetime
    remedy: str


class Odd(msgspec.Struct, frozen=True, kw_only=True):
    """A count of closed days that is suspected to be wrong; see `schemas.anomaly.Anomaly`."""

    scope: str
    """``campaign`` or ``account``."""
    signal: str
    change: str
    effect: str
    since: datetime
    until: datetime | None
    """None while it goes on."""
    evidence: float
    expected: float
    counted: float


class ScorePart(msgspec.Struct, frozen=True, kw_only=True):
    """One part of a score."""

    name: str
    """Of `engine.optimisation_score.PARTS`."""
    attained: float
    """Share of what is attainable, in [0, 1]."""
    weight: float
    """Points that it counts for; 0 where there is no basis for it."""
    lacking: float
    """Points that it could still add."""
    reason: str = ""
    """Empty in totals."""
    remedy: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How well a campaign, or an account, is run."""

    points: float
    """From 0 to 100."""
    parts: tuple[ScorePart, ...]


class CampaignStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How one campaign stands; amounts in its currency."""

    kind: str = "campaign"
    campaign: str
    currency: str
    timezone: str
    as_of: datetime
    """End of the newest hour reported, or start of the hour decided last if that is later."""
    reported_until: datetime
    risk: str
    risks: tuple[str, ...]
    period: BudgetPeriod | None
    """Which budget the plan sets, None without a plan."""
    day: Use
    week: Use
    month: Use
    flight: Use | None
    """Where the plan's budget is one for its flight."""
    ahead: Projection
    brought: Brought
    wants_revenue: bool
    """Whether the plan asks for revenue, so that ROAS says more than cost per conversion."""
    worst: Worst | None
    """None where no daily budget is known."""
    hold: Held | None
    odd: tuple[Odd, ...] = ()
    """What is suspected to be wrong with its counts."""
    score: Score | None = None
    governed: Governed | None = None
    """None without a plan."""
    waits: tuple[Waits, ...] = ()
    """Advice that people are asked about."""

    @property
    def own(self) -> Use:
        """The budget that the plan sets: of its day, week, month or flight."""
        if self.period is BudgetPeriod.FLIGHT and self.flight is not None:
            return self.flight
        stretches = {BudgetPeriod.WEEK: self.week, BudgetPeriod.MONTH: self.month}
        return stretches.get(self.period, self.day) if self.period else self.day


class CurrencyTotal(msgspec.Struct, frozen=True, kw_only=True):
    """All campaigns of one currency; those of others are never added to them."""

    kind: str = "total"
    currency: str
    campaigns: int
    risk: str
    """The highest of its campaigns."""
    day: Use
    week: Use
    month: Use
    brought: Brought
    worst_day: float | None
    """Sum of the worst days, None where one is not known."""
    held: int
    """Campaigns that are left alone."""
    score: Score
