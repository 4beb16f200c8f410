"""What is known of an experiment, as `--json` prints it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SideTotal:
    """What the counted hours of one side came to, all campaigns together."""

    side: str
    sets: str
    """What it sets in place of plans'; empty where it leaves them."""
    campaign_days: int
    conversions: float
    value: float
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPairs:
    """One campaign, or two that are halves."""

    campaign: str
    log_ratios: tuple[float | None, ...]
    """Log of treatment by control, pair by pair; None where there is nothing to compare."""
    lift: float | None
    """Its mean as a factor less 1; no verdict is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How long it takes to tell an effect from none, four times of five."""

    effect: float
    """As a factor less 1."""
    days: int | None
    """From the first day on; None where it would take longer than ten years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the observations say together. Effects are factors less 1: 0.02 is 2 % more."""

    observations: int
    """Pairs with something to compare: blocks of a switchback, days of halves."""
    least_observations: int
    """Before which nothing is said."""
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    """Ends of the interval that holds at all times; None before `least_observations`."""
    p_value: float = 1.0
    """Valid at any time: the probability of such evidence, at any look, were there no effect."""
    e_value: float = 1.0
    differs: bool = False
    """Whether an effect is told from none, today or at an earlier look."""
    detectable: float | None = None
    """The least effect that would be told by the planned end, four times of five."""
    reach: tuple[Reach, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What is known of an experiment."""

    experiment_id: str
    status: str
    design: str
    metric: str
    alpha: float
    start: date
    end: date | None
    stopped_at: datetime | None
    by: str
    why: str
    as_of: datetime | None
    """The end of the newest hour reported; None where nothing is."""
    days: int
    """Local days that are counted."""
    planned_days: int
    verdict: Verdict
    sides: tuple[SideTotal, ...]
    campaigns: tuple[CampaignPairs, ...]
