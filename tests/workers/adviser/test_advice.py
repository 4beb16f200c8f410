"""What people are told: once, with its numbers, never to be executed, and only what is so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from scipy import stats

from engine.segments import HALF, LIKENESS
from schemas import Kind, MetricsEvent, Priority, Recommendation, encode, topics
from tests.workers.adviser.world import World, a_row, an_event, hour, life
from tests.workers.executor.world import World as Executor
from tests.workers.stored import Stored
from workers.explain.advice import account_of, advised_again, is_advice

PARTNERS = "partners"


def advised(days: int = 4, **plan: Any) -> World:  # noqa: ANN401 -- fields of a record
    """Return a world in which a campaign has lived, whose partners never sell."""
    world = World()
    world.plan(**plan)
    world.metrics(*life(days))
    return world


def numbers(advice: Recommendation) -> dict[str, Any]:
    return dict(advice.reasons[0].evidence)


def test_a_placement_that_never_sells_is_told_with_its_numbers() -> None:
    world = advised(1)

    (advice,) = world.advice
    assert (advice.kind, advice.entity, advice.entity_id) == (Kind.TARGETING, "segment", PARTNERS)
    assert (advice.field, advice.unit) == ("placement_bid_share", "share_of_bid")
    assert not advice.auto_execute
    assert advice.plan_version == 3
    assert advice.inputs == {"pacekeeper.breakdowns.v1": 0}
    assert (advice.expires_at - advice.valid_from).days == 7
    events = life(1)[:24]
    spend = sum(event.breakdown[2].spend for event in events)
    assert numbers(advice)["spend"] == pytest.approx(float(spend))
    assert f"{spend:,.2f} EUR" in advice.reasons[0].text
    assert advice.expected_impact is not None
    assert advice.expected_impact.conversions is not None
    assert 0 < advice.expected_impact.conversions.p10 < advice.expected_impact.conversions.p90


def test_its_chance_is_the_gamma_posterior_of_what_is_mature() -> None:
    (advice,) = advised(1).advice
    events = life(1)[:24]
    # Nobody taught a delay: exponential, 24 hours, from an hour's end to 00:05 on the next day.
    shares = [float(stats.expon(scale=24.0).cdf(24 - n - 1 + 5 / 60 + 0.5)) for n in range(24)]
    costs = [
        sum(
            float(event.breakdown[at].spend) * share
            for event, share in zip(events, shares, strict=True)
        )
        for at in range(3)
    ]
    sold = sum(float(event.conversions) for event in events)
    level = (sold + 1.0) / (sum(costs) + 10.0)
    posterior = stats.gamma(LIKENESS, scale=1.0 / (LIKENESS / level + costs[2]))

    assert numbers(advice)["mature_spend"] == pytest.approx(costs[2], rel=0.03)
    assert advice.confidence == pytest.approx(posterior.cdf(HALF * 0.1), abs=0.004)


def test_the_same_is_not_said_again_for_a_week_unless_it_changed() -> None:
    world = advised(18)

    said = [(advice.recommended_value == 0, advice.decided_at.day) for advice in world.advice]
    # Lower at first, exclude from the next day on, and the same once a week.
    assert said == [(False, 3), (True, 4), (True, 11), (True, 18)]
    assert world.advice[1].supersedes == world.advice[0].recommendation_id
    assert len({advice.recommendation_id for advice in world.advice}) == 4


def test_a_campaign_is_advised_once_a_day_whatever_is_told_again() -> None:
    world = advised(2)
    before = len(world.advice)
    world.metrics(*life(2, seed=9)[:24])
    world.feed("days", [])

    assert len(world.advice) == before


@pytest.mark.parametrize(
    "plan",
    [
        {"status": "paused"},
        {"currency": "USD"},
        {"target_cpa": Decimal(80)},
        {"min_confidence": 1.0, "target_cpa": Decimal(10)},
    ],
    ids=["paused", "other money", "a target that it reaches", "more confidence than there is"],
)
def test_nothing_is_said(plan: dict[str, Any]) -> None:
    one_day = plan.get("target_cpa") is not None

    assert advised(1 if one_day else 4, **plan).advice == []


def test_without_a_plan_nothing_is_said() -> None:
    world = World()
    world.metrics(*life(4))

    assert world.advice == []
    assert len(world.days) == 4


def test_a_target_of_revenue_is_held_against_revenue() -> None:
    world = advised(4, target_cpa=None, target_roas=4.0)

    advice = world.advice[-1]
    assert numbers(advice)["target_value_per_cost"] == 4.0
    assert advice.expected_impact is not None
    assert advice.expected_impact.revenue is not None
    assert "EUR of revenue" in advice.reasons[0].text


def test_without_a_target_the_rest_of_the_campaign_is_the_yardstick() -> None:
    advice = advised(4, target_cpa=None).advice[-1]

    assert advice.entity_id == PARTNERS
    assert "the rest of the campaign" in advice.reasons[0].text


def test_a_breakdown_that_says_more_than_its_hours_leads_to_no_advice() -> None:
    world = World()
    world.plan()
    world.metrics(*(_too_little(event) for event in life(4)))

    assert world.advice == []
    assert world.counts["breakdowns", "more_than_total"] == 96


def _too_little(event: MetricsEvent) -> MetricsEvent:
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    return MetricsEvent(**{**fields, "clicks": event.clicks - 1})


def test_how_records_are_cut_into_steps_changes_no_advice() -> None:
    whole, single = advised(5), World()
    single.plan()
    for event in life(5):
        single.metrics(event)

    assert [encode(each) for each in single.advice] == [encode(each) for each in whole.advice]


def weak_account(rate: int, days: int = 8) -> World:
    """Return five campaigns of one placement, the first with ``rate`` clicks an hour."""
    world = World()
    rates = {"a": rate, "b": 40, "c": 41, "d": 40, "e": 39}
    for campaign in rates:
        world.plan(campaign_id=campaign)
    for number in range(days * 24 + 1):
        for campaign, clicks in rates.items():
            row = a_row("search", clicks, 3.0, impressions=1_600, device="mobile")
            world.metrics(an_event(number, [row], campaign_id=campaign))
    return world


def test_ads_that_are_clicked_on_less_than_their_peers_are_to_be_rotated() -> None:
    world = weak_account(20)

    creative = [advice for advice in world.advice if advice.kind is Kind.CREATIVE]
    assert {advice.campaign_id for advice in creative} == {"a"}
    first = creative[0]
    assert (first.field, first.current_value) == ("click_rate", Decimal("0.012500"))
    assert float(first.recommended_value or 0) == pytest.approx(0.025, rel=0.02)
    assert first.reasons[0].code == "clicked_less_than_peers"
    assert first.priority is Priority.HIGH
    assert first.confidence >= 0.95


def test_ads_that_are_clicked_on_as_much_as_their_peers_are_left_alone() -> None:
    assert weak_account(38).advice == []


def test_ads_that_tire_are_to_be_rotated() -> None:
    world = World()
    world.plan()
    for number in range(21 * 24 + 1):
        clicks = 60 - number // 12
        row = a_row("search", clicks, 5.0, impressions=2_400)
        world.metrics(an_event(number, [row]))

    first, *_ = world.advice
    assert first.kind is Kind.CREATIVE
    assert first.reasons[0].code == "clicked_less_than_before"
    assert numbers(first)["ratio_p10"] < numbers(first)["ratio_p50"] < 0.8


def test_nothing_of_it_is_executed_and_nobody_is_asked() -> None:
    advice = advised(1).advice[0]
    executor = Executor()

    executor.publish(topics.RECOMMENDATIONS, advice, 10, key=advice.key)
    executor.settle()

    assert executor.audit == []
    assert executor.released == []
    name = executor.policy.topic(topics.RECOMMENDATIONS)
    assert executor.counts["ignored", name, "for_people"] == 1


def test_a_restatement_may_take_a_loss_back() -> None:
    world = advised(1, target_cpa=Decimal(12))
    assert world.advice
    late = World()
    late.plan(target_cpa=Decimal(12))
    events = life(1)
    # The partners' sales are told after the day, and before it closes.
    sold = [_sold(event) for event in events[:24]]
    late.metrics(*events[:23], *sold, events[23])

    assert late.advice == [] or late.advice[0].entity_id != PARTNERS
    assert hour(0) == events[0].window_start


def _sold(event: MetricsEvent) -> MetricsEvent:
    *others, partners = event.breakdown
    rows = (*others, a_row(PARTNERS, partners.clicks, 1.8))
    fields = {name: getattr(event, name) for name in event.__struct_fields__}
    more = {"conversions": event.conversions + Decimal("1.8"), "revenue": event.revenue + 72}
    return MetricsEvent(**{**fields, **more, "breakdown": rows})


def test_advice_is_made_again_byte_for_byte_from_the_accounts_closed_days() -> None:
    world = weak_account(20)
    name = world.policy.topic(topics.BREAKDOWNS)
    told = [out for out in world.outputs if out.topic == name]
    records = [
        Stored(name, at, out.timestamp or 0, out.key, out.value) for at, out in enumerate(told)
    ]
    published = [
        out.value or b""
        for out in world.outputs
        if out.topic == world.policy.topic(topics.RECOMMENDATIONS)
    ]

    assert published
    for value, advice in zip(published, world.advice, strict=True):
        assert is_advice(world.policy, advice)
        assert account_of(advice) == b"google:7"
        assert advised_again(world.policy, advice, records, (0, 1)) == value
