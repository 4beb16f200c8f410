from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import numpy as np
import pytest

from schemas import AuditEntry, AuditStatus, Mode, Strategy, decode_metrics, encode
from workers.simulator.clearing import UNCAPPED, Policy, clear
from workers.simulator.history import as_it_stands, platform_delivery
from workers.simulator.market import draw
from workers.simulator.population import Campaign, make_world
from workers.simulator.records import InForce, amount, even_budgets, metrics_event, plan, ticks
from workers.simulator.reports import Faults, Report
from workers.simulator.simulation import Simulation

HOUR = 495_000
WORLD = make_world(10, seed=4, auctions_per_day=12_000)
NOON = datetime(2026, 11, 18, 12, tzinfo=UTC)


def entry(
    campaign: Campaign, status: AuditStatus, after: str | None, field: str = "hourly_budget"
) -> AuditEntry:
    platform, account_id, campaign_id = campaign.key
    return AuditEntry(
        at=NOON,
        status=status,
        mode=Mode.SIMULATE,
        actor="test",
        platform=platform,
        account_id=account_id,
        campaign_id=campaign_id,
        currency=campaign.currency,
        entity_id=campaign_id,
        field=field,
        after=None if after is None else Decimal(after),
    )


def a_report(**given: int) -> Report:
    fields = {"row": 0, "hour": HOUR, "due": HOUR + 1, "revision": 0, "impressions": 9}
    fields |= {"clicks": 3, "spend": 12_345, "conversions": 1, "revenue": 600_000}
    return Report(**(fields | given))


def test_until_the_trail_says_something_budgets_are_even() -> None:
    budgets = InForce(WORLD.campaigns).budgets()
    for budget, campaign in zip(budgets, WORLD.campaigns, strict=True):
        assert 0 <= campaign.day_budget / 24 - amount(int(budget)) < Decimal("0.0001")


@pytest.mark.parametrize("status", ["simulated", "applied", "confirmed", "no_op", "rolled_back"])
def test_what_the_trail_says_is_in_force_is_the_budget(status: str) -> None:
    in_force = InForce(WORLD.campaigns)
    in_force.hear([entry(WORLD.campaigns[3], AuditStatus(status), "7.25")])
    changed = in_force.budgets() != even_budgets(WORLD.campaigns)
    assert changed.tolist() == [row == 3 for row in range(10)]
    assert in_force.budgets()[3] == 72_500
    assert in_force.heard_of == 1


@pytest.mark.parametrize(
    "told",
    [
        entry(WORLD.campaigns[3], AuditStatus.DRIFT, "7.25"),
        entry(WORLD.campaigns[3], AuditStatus.EXPIRED, "7.25"),
        entry(WORLD.campaigns[3], AuditStatus.INTENT, "7.25"),
        entry(WORLD.campaigns[3], AuditStatus.SHADOW, "7.25"),
        entry(WORLD.campaigns[3], AuditStatus.UNVERIFIED, "7.25"),
        entry(WORLD.campaigns[3], AuditStatus.SIMULATED, None),
        entry(WORLD.campaigns[3], AuditStatus.SIMULATED, "7.25", field="daily_budget"),
        entry(make_world(11, seed=4).campaigns[10], AuditStatus.SIMULATED, "7.25"),
    ],
    ids=[
        *("drift", "expired", "intent", "shadow", "unverified", "without a value"),
        *("another field", "another market's campaign"),
    ],
)
def test_what_is_not_in_force_changes_nothing(told: AuditEntry) -> None:
    in_force = InForce(WORLD.campaigns)
    in_force.hear([told])
    np.testing.assert_array_equal(in_force.budgets(), even_budgets(WORLD.campaigns))


def test_a_budget_finer_than_the_market_counts_is_rounded_down() -> None:
    in_force = InForce(WORLD.campaigns)
    in_force.hear([entry(WORLD.campaigns[0], AuditStatus.APPLIED, "1.00019")])
    assert in_force.budgets()[0] == 10_001


def test_every_report_is_an_event_that_the_schema_takes() -> None:
    simulation = Simulation(WORLD, Faults())
    simulation.play(HOUR, platform_delivery(WORLD))
    reports = simulation.told(HOUR + 100)
    for report in reports:
        campaign = WORLD.campaigns[report.row]
        decoded = decode_metrics(encode(metrics_event(campaign, report)))
        assert not decoded.unknown_fields
        assert not decoded.suspect
        assert decoded.event.spend * 10_000 == report.spend
        assert decoded.event.conversions == report.conversions
        assert (decoded.event.currency, decoded.event.account_timezone) == (
            campaign.currency,
            campaign.timezone,
        )
    assert {report.row for report in reports} == set(range(10))


def test_a_later_telling_has_a_higher_number_and_only_the_last_is_final() -> None:
    events = [metrics_event(WORLD.campaigns[0], a_report(revision=n)) for n in range(8)]
    assert [event.sequence_number for event in events] == list(range(8))
    assert [event.is_final for event in events] == [False] * 7 + [True]


def test_every_campaign_has_a_plan_that_lets_pacekeeper_act() -> None:
    for campaign in WORLD.campaigns:
        made = plan(campaign, Strategy.DAYPARTING)
        assert (made.autonomy, made.budget.amount) == ("auto", campaign.day_budget)
        assert (made.currency, made.timezone) == (campaign.currency, campaign.timezone)


def test_a_tick_goes_to_each_partition() -> None:
    assert [tick.partition for tick in ticks(NOON, 4)] == [0, 1, 2, 3]
    assert {msgspec.json.decode(encode(tick))["time"] for tick in ticks(NOON, 4)} == {
        "2026-11-18T12:00:00Z"
    }


def test_a_backfill_has_the_last_word_on_each_hour_oldest_first() -> None:
    told = [
        a_report(hour=HOUR + 1),
        a_report(hour=HOUR, revision=2, conversions=5),
        a_report(hour=HOUR, revision=1, conversions=3),
    ]
    assert [(r.hour, r.conversions) for r in as_it_stands(told)] == [(HOUR, 5), (HOUR + 1, 1)]


def test_platforms_spend_about_the_day_budget_when_nobody_advises_them() -> None:
    policy = platform_delivery(WORLD)
    spent = sum(clear(draw(WORLD.market, HOUR + i), policy).spend for i in range(168)) / 7
    wanted = [float(campaign.day_budget) * 10_000 for campaign in WORLD.campaigns]
    np.testing.assert_allclose(spent, wanted, rtol=0.05)
    assert (policy.budget == UNCAPPED).all()


def test_a_market_can_be_played_again_under_another_policy() -> None:
    """The same reports come from the same policy, and another policy shares the auctions."""
    first, again = (Simulation(WORLD, Faults(late_share=0.3, reorder=True)) for _ in range(2))
    even = Policy.capped(even_budgets(WORLD.campaigns))
    seen = [simulation.play(HOUR, even) for simulation in (first, again)]
    assert first.told(HOUR + 5) == again.told(HOUR + 5)
    np.testing.assert_array_equal(seen[0][1].spend, seen[1][1].spend)
    np.testing.assert_array_equal(seen[0][0].price, draw(WORLD.market, HOUR).price)
