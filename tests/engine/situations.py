"""Situations of campaigns, drawn at random, for laws of decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from engine import in_force, plans, state
from engine.arrays import Floats, Ints, Rows
from engine.calendar import Calendar
from engine.situation import Conditions, Evidence, Situation, nobody_steered
from engine.weeks import WeekWeights
from engine.zones import zone_days

NAMES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
)
CALENDAR = Calendar.of([zone_days(ZoneInfo(name)) for name in NAMES])
MONDAY = 1_772_409_600
"""2026-03-02 00:00 UTC."""

_BY_CAMPAIGN = ("campaigns", "plans", "in_force", "gaps", "zones", "account_zones", "hour", "now")

amounts = st.integers(0, 10**7) | st.integers(0, 10**14)
limits = st.just(plans.UNLIMITED) | amounts


def pair(minor: int, exponent: int) -> tuple[int, int]:
    units, part = divmod(minor, 10**exponent)
    return units, part * 10 ** (18 - exponent)


@dataclass(frozen=True, kw_only=True)
class One:
    """A campaign alone: by default 240.00 euros a day, spread evenly, 4.00 spent by 01:00 UTC."""

    campaign: Mapping[str, Any] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    force: Mapping[str, Any] = field(default_factory=dict)
    weights: Sequence[float] = (1.0,) * 168
    gaps: Sequence[tuple[int, int]] = ()
    zone: str = "UTC"
    account_zone: str | None = None
    now: int | None = None
    own: float = 0.5
    pooled: float = 10.0
    frozen: bool = False
    paused: bool = False
    outage: bool = False
    excluded: bool = False
    rows: Rows | None = None
    """The campaign's row, where it is not made from ``campaign``."""

    def situation(self) -> Situation:
        """Return it as a batch of one."""
        campaigns = state.new_campaigns(1) if self.rows is None else self.rows.copy()
        planned, forced = plans.no_plans(1), in_force.nothing_in_force(1)
        spent = dict.fromkeys(("day", "week", "month", "flight", "total"), (4, 0))
        known = {"newest": MONDAY, "first": MONDAY, "day_counts": (1_000, 10, 0), **spent}
        for rows, values in (
            (campaigns, {**(known if self.rows is None else {}), **self.campaign}),
            (planned, {**PLAN, **self.plan}),
            (forced, {"currency": b"EUR", **self.force}),
        ):
            for name, value in values.items():
                rows[name] = value
        hour = campaigns["newest"] + 3_600
        return Situation(
            campaigns=campaigns,
            plans=planned,
            in_force=forced,
            week=WeekWeights.of(np.array([self.weights], dtype=np.float64)),
            evidence=Evidence(own=np.array([self.own]), pooled=np.array([self.pooled])),
            conditions=Conditions(
                frozen=np.array([self.frozen]),
                paused=np.array([self.paused]),
                outage=np.array([self.outage]),
                excluded=np.array([self.excluded]),
            ),
            steered=nobody_steered(),
            gaps=np.array(self.gaps, dtype=np.int64).reshape(1, -1, 2),
            calendar=CALENDAR,
            zones=np.array([NAMES.index(self.zone)]),
            account_zones=np.array([NAMES.index(self.account_zone or self.zone)]),
            hour=hour,
            now=hour if self.now is None else np.array([self.now]),
            stale_after=6 * 3_600,
        )


PLAN = {
    "version": 1,
    "exponent": 2,
    "currency": b"EUR",
    "autonomy": 2,
    "actuator": 3,
    "amount": 24_000,
    "max_change": 1.0,
    "max_changes": 25,
}


@st.composite
def situations(draw: st.DrawFn, most: int = 4) -> Situation:
    """Return one to ``most`` campaigns, each with an hour known, a plan and a value in force."""
    count = draw(st.integers(1, most))
    each = [draw(_campaigns()) for _ in range(count)]
    campaigns, planned = state.new_campaigns(count), plans.no_plans(count).copy()
    forced = in_force.nothing_in_force(count)
    for i, one in enumerate(each):
        for rows, named in ((campaigns, "campaign"), (planned, "plan"), (forced, "force")):
            for name, value in one[named].items():
                rows[name][i] = value
    weights = np.array([draw(_weeks()) for _ in range(count)])
    dates = np.array([_dates(draw(st.integers(0, 99))) for _ in range(count)])
    zones = np.array([one["zone"] for one in each])
    flags = np.zeros(count, dtype=np.bool_)
    return Situation(
        campaigns=campaigns,
        plans=planned,
        in_force=forced,
        week=WeekWeights.of(weights, dates),
        evidence=Evidence(own=np.full(count, 0.5), pooled=np.full(count, 10.0)),
        conditions=Conditions(frozen=flags, paused=flags, outage=flags, excluded=flags),
        steered=nobody_steered(),
        gaps=np.zeros((count, 0, 2), dtype=np.int64),
        calendar=CALENDAR,
        zones=zones,
        account_zones=zones,
        hour=campaigns["newest"] + 3_600,
        now=np.array([one["now"] for one in each]),
        stale_after=6 * 3_600,
    )


def part(situation: Situation, chosen: Ints) -> Situation:
    """Return some campaigns of a situation."""
    some: dict[str, Any] = {name: getattr(situation, name)[chosen] for name in _BY_CAMPAIGN}
    return replace(
        situation,
        week=WeekWeights.of(situation.week.weights[chosen], situation.week.dates[chosen]),
        evidence=_part(situation.evidence, chosen),
        conditions=_part(situation.conditions, chosen),
        **some,
    )


def _part(value: Any, chosen: Ints) -> Any:  # noqa: ANN401 -- a dataclass of arrays
    return type(value)(**{each.name: getattr(value, each.name)[chosen] for each in fields(value)})


@st.composite
def _weeks(draw: st.DrawFn) -> list[float]:
    flat = draw(st.booleans())
    hours = st.just(1.0) if flat else st.floats(0.0, 10.0).map(lambda w: w if w > 1e-3 else 0.0)
    return draw(st.lists(hours, min_size=168, max_size=168)) if not flat else [1.0] * 168


def _dates(seed: int) -> Floats:
    """Return factors of dates: for half of the seeds none, for others a tenth of them 0."""
    chance = np.random.default_rng(seed)
    factors = chance.lognormal(0.0, 0.5, 43) * (chance.random(43) > 0.1)
    return np.ones(43) if seed < 50 else factors


@st.composite
def _campaigns(draw: st.DrawFn) -> dict[str, Any]:
    exponent = draw(st.sampled_from((0, 2, 3)))
    newest = MONDAY + 3_600 * draw(st.integers(0, 24 * 60))
    day = draw(amounts)
    week, month = day + draw(amounts), day + draw(amounts)
    flight = max(week, month) + draw(amounts)
    ledgers = {"day": day, "week": week, "month": month, "flight": flight, "total": flight}
    period = draw(st.integers(0, 3))
    first = newest // 86_400 - draw(st.integers(0, 30))
    low = draw(st.integers(0, 1_000))
    return {
        "zone": draw(st.integers(0, len(NAMES) - 1)),
        "now": newest + 3_600 + draw(st.integers(-300, 5 * 3_600)),
        "campaign": {
            "newest": newest,
            "first": newest - 3_600 * draw(st.integers(0, 600)),
            "day_counts": (1_000, 10, 0),
            **{name: pair(amount, exponent) for name, amount in ledgers.items()},
        },
        "plan": {
            "version": 1,
            "exponent": exponent,
            "period": period,
            "currency": b"EUR",
            "rollover": draw(st.integers(0, 2)),
            "rollover_cap": draw(limits),
            "autonomy": 2,
            "actuator": 3,
            "amount": draw(amounts.map(lambda amount: amount + 1)),
            "daily_cap": draw(limits),
            "daily_floor": draw(st.integers(0, 10**6)),
            "hourly_floor": low,
            "hourly_cap": draw(limits.map(lambda limit: max(limit, low))),
            "flight_first": first,
            "flight_last": newest // 86_400 + draw(st.integers(1, 60)),
            "max_change": draw(st.floats(0.01, 10.0)),
            "max_changes": draw(st.integers(0, 25)),
            "cooldown": draw(st.integers(0, 7_200)),
        },
        "force": {
            "known": draw(st.booleans()),
            "currency": b"EUR",
            "value": pair(draw(amounts), exponent),
        },
    }
