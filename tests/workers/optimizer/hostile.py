"""Campaigns whose bids are set, in a world that means no good: odd plans, reports and entries."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas import (
    AuditEntry,
    Budget,
    CalendarEvent,
    Guardrails,
    MetricsEvent,
    Plan,
    SchemaError,
    decode,
    encode,
    topics,
)
from schemas.audit import AuditStatus, Mode
from schemas.currencies import EXPONENTS
from schemas.fields import Autonomy, BudgetPeriod
from schemas.metrics import RecordMode
from tests.workers.optimizer.world import World, hour
from tests.workers.stored import Stored
from workers.delivery.api import store
from workers.executor.policy import ExecutorPolicy
from workers.executor.program import agents

CURRENCIES = ("EUR", "JPY", "KWD")
ZONES = ("UTC", "Asia/Kolkata", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
STRATEGIES = ("adaptive", "adaptive", "adaptive", "even", "dayparting")
PERIODS = (BudgetPeriod.DAY, *BudgetPeriod)
MULTIPLIERS = ("0", "1e-18", "1e12", "-3", "1.5", "0.123456789", "0.0001", "10000")
CAPS = (None, Decimal(0), Decimal(-5), Decimal(10) ** 12, Decimal("3.7"))
TIMES = (datetime(2099, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), hour(3), hour(90))


@dataclass
class Campaign:
    """One campaign, and the market that it buys in."""

    name: str
    currency: str
    size: float
    """What a mean hour could spend at a multiplier of 1, currency."""
    budget: Decimal = Decimal(0)
    multiplier: float = 1.0
    plan: Plan | None = None

    @property
    def names(self) -> dict[str, Any]:
        return {"platform": "google", "account_id": "7", "campaign_id": self.name}

    def amount(self, value: float) -> Decimal:
        """Return a value as an amount that a plan may carry, at least one minor unit."""
        step = Decimal(1).scaleb(-EXPONENTS[self.currency])
        return max(Decimal(str(min(value, 1e12))).quantize(step), step)


@dataclass
class Hostile:
    """A loop of optimizer, executor and market; `run` yields the clock after each hour."""

    seed: int
    count: int = 8
    apart: bool = False
    """Whether each campaign has steps of its own."""
    world: World = field(default_factory=World)
    statuses: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._executor = {agent.name: agent for agent in agents(ExecutorPolicy())}
        self._other = World()
        self._entries: Counter[bytes] = Counter()
        chosen = self._chance.choice
        self.campaigns = [
            Campaign(str(i), chosen(CURRENCIES), 10.0 ** chosen((0, 1, 2, 5, 9)))
            for i in range(self.count)
        ]

    def run(self, hours: int) -> Iterator[datetime]:
        chance, now = self._chance, 0
        for campaign in self.campaigns:
            self._replan(campaign, hour(0))
        for _ in range(hours):
            now += chance.choice((5, 24 * 40)) if chance.random() < 0.005 else 1
            at = hour(now) + timedelta(minutes=2)
            for campaign in self.campaigns:
                if chance.random() < 0.04:
                    self._replan(campaign, at)
                if chance.random() < 0.03:
                    self._tell(campaign, at)
            events = [self._event(each, now - 1, at) for each in self.campaigns]
            events += [
                self._event(each, now - 1 - chance.choice((-1, 1, 5, 40, 900)), at)
                for each in self.campaigns
                if chance.random() < 0.15
            ]
            chance.shuffle(events)
            late = [event for event in events if event and chance.random() < 0.9]
            stored = [self._stored(event, at) for event in late]
            for step in self._steps(stored):
                self._flow(self.world.feed("metrics", step).outputs)
            if chance.random() < 0.1:
                self.world.tick(at)
            yield at

    def _steps(self, stored: list[Stored]) -> list[list[Stored]]:
        if not self.apart:
            return [stored]
        keys = dict.fromkeys(record.key for record in stored)
        return [[record for record in stored if record.key == key] for key in keys]

    def _stored(self, event: MetricsEvent, at: datetime) -> Stored:
        return self.world.stored(topics.METRICS, encode(event), at, key=event.key)

    def _said(self, key: bytes, value: bytes, at: datetime) -> Stored:
        """Return an audit entry, numbered within its campaign, so that others do not matter."""
        self._entries[key] += 1
        name = self.world.policy.topic(topics.AUDIT)
        return Stored(name, self._entries[key], int(at.timestamp() * 1_000), key, value)

    def _replan(self, campaign: Campaign, at: datetime) -> None:
        if campaign.plan is not None and self._chance.random() < 0.1:
            key, value = campaign.plan.key, None
        else:
            plan = self._plan(campaign)
            if plan is None:
                return
            campaign.plan, key, value = plan, plan.key, encode(plan)
        record = self.world.stored(topics.PLANS, value, at, key=key)
        self.world.feed("plans", [record])
        self._carry("plans", [record])

    def _plan(self, campaign: Campaign) -> Plan | None:
        """Return the next plan, or none where its fields contradict each other."""
        chance, before = self._chance, campaign.plan
        size = 24 * campaign.size * chance.choice((1e-3, 1.0, 1.0, 3.0, 1e6))
        fields: dict[str, Any] = {
            "currency": campaign.currency if chance.random() < 0.95 else chance.choice(CURRENCIES),
            "timezone": chance.choice(ZONES),
            "budget": Budget(amount=campaign.amount(size), period=chance.choice(PERIODS)),
            "strategy": chance.choice(STRATEGIES),
            "autonomy": Autonomy.AUTO,
            "min_confidence": 0.0,
            "guardrails": Guardrails(
                max_change_pct=chance.choice((10.0, 1000.0)),
                cooldown_minutes=chance.choice((0, 0, 90)),
                max_changes_per_day=chance.choice((3, 1000)),
            ),
            "flight_start": hour(chance.choice((-900, -900, 20))).date(),
            "flight_end": hour(chance.choice((1_500, 9_000))).date(),
        }
        if chance.random() < 0.3:
            fields["target_cpa"] = campaign.amount(campaign.size * chance.choice((1e-9, 1.0, 1e6)))
        elif chance.random() < 0.3:
            fields["target_roas"] = chance.choice((5e-324, 0.1, 4.0, 10_000.0))
        if chance.random() < 0.3:
            weights = (0.0, 1.0, 1.0, 1e-6, 1_000.0)
            days = [tuple(chance.choices(weights, k=24)) for _ in range(7)]
            fields["dayparting"] = tuple(days)
        if chance.random() < 0.5:
            fields["calendar"] = tuple(self._calendar())
        if chance.random() < 0.3:
            fields["daily_cap"] = campaign.amount(size * chance.choice((0.01, 0.5)))
        version = before.version + 1 if before else 1
        try:
            return Plan(**campaign.names, version=version, **fields)
        except SchemaError:
            return None

    def _calendar(self) -> Iterator[CalendarEvent]:
        for _ in range(self._chance.choice((1, 12))):
            first = self._chance.randrange(-200, 200)
            last = first + self._chance.choice((1, 30, 2_000))
            told: dict[str, Any] = {"expected_lift": self._chance.choice((0.01, 2.0, 100.0))}
            if self._chance.random() < 0.3:
                told = {"exclude_from_learning": True}
            yield CalendarEvent(name="Event", start=hour(first), end=hour(last), **told)

    def _event(self, campaign: Campaign, number: int, at: datetime) -> MetricsEvent | None:
        """Return what an hour spent: at times nothing, all of its cap, or less than was said."""
        chance = self._chance
        start = hour(number)
        if campaign.plan is not None and campaign.plan.timezone == "Asia/Kolkata":
            start += timedelta(minutes=30)
        if not hour(-2_000) <= start <= at:
            return None
        want = campaign.size * campaign.multiplier * chance.choice((0.0, 0.3, 0.3, 1.0, 1e9))
        most = float(campaign.budget) or campaign.size
        spend = Decimal(str(round(min(want, most, 1e11), 6)))
        delta = chance.random() < 0.03
        given: dict[str, Any] = {
            "window_start": start,
            "impressions": chance.choice((0, 1_000, 1_000, 10**6)),
            "clicks": chance.choice((50, 50, 2_000)),
            "spend": -spend if delta else spend,
            "conversions": Decimal(chance.choice((0, 0, 1, 50))),
            "revenue": spend * chance.choice((0, 0, 3)),
            "currency": campaign.currency if chance.random() < 0.99 else "USD",
        }
        if delta:
            given |= {"record_mode": RecordMode.DELTA, "event_id": f"{number} {chance.random()}"}
        return MetricsEvent(**campaign.names, **given)

    def _tell(self, campaign: Campaign, at: datetime) -> None:
        """Publish entries of another publisher, some of them out of any order."""
        chance = self._chance
        records = []
        for number in range(chance.choice((1, 1, 1, 200))):
            said = AuditEntry(
                **campaign.names,
                at=chance.choice((*TIMES, at, at + timedelta(seconds=number))),
                status=chance.choice(list(AuditStatus)),
                mode=Mode.SIMULATE,
                actor="somebody",
                entity_id=campaign.name,
                field=chance.choice(("bid_multiplier", "bid_multiplier", "hourly_budget")),
                currency=chance.choice((campaign.currency, "USD", None)),
                after=Decimal(chance.choice(MULTIPLIERS)),
                hourly_cap=chance.choice(CAPS),
            )
            value = encode(said)
            if chance.random() < 0.1:
                value = value.replace(b'"after":"', b'"after":"NaN', 1)
            records.append(self._said(said.key, value, at))
        self.world.feed("audit", records)

    def _flow(self, outputs: Any) -> None:  # noqa: ANN401 -- outputs of a step
        """Let the executor carry out the actions among ``outputs``, and all hear of it."""
        actions = [each for each in outputs if each.topic.endswith("actions.v1")]
        asked = [
            Stored(each.topic, i, each.timestamp, each.key, each.value)
            for i, each in enumerate(actions)
        ]
        records = []
        for output in self._carry("actions", asked):
            if not output.topic.endswith("audit.v1"):
                continue
            said = decode(output.value, AuditEntry)
            self.statuses[said.status] += 1
            campaign = self.campaigns[int(said.campaign_id)]
            if said.status == "simulated":
                amount = said.hourly_cap if said.field == "bid_multiplier" else said.after
                campaign.budget = campaign.budget if amount is None else amount
                if said.field == "bid_multiplier":
                    campaign.multiplier = float(said.after or 1)
            at = datetime.fromtimestamp(output.timestamp / 1_000, UTC)
            records.append(self._said(output.key, output.value, at))
        self.world.feed("audit", records)

    def _carry(self, name: str, records: list[Stored]) -> Any:  # noqa: ANN401 -- outputs of a step
        step = self._executor[name].step(self._other, records)
        table = self._other.tables.setdefault(name, {})
        store(table, step.writes)
        return step.outputs
