"""Advice on bids: direct formulas, laws of evidence and money, and what holds a bid."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace as changed

from schemas import Kind, Plan, Priority, Recommendation, Risk, SchemaError, decode, digest, encode
from schemas.bid_terms import AdSetTerms, terms_of
from schemas.fields import Autonomy, BudgetPeriod, Entity, Status
from schemas.plan import Actuator, AdSet, Bid, Budget, Strategy
from tests.workers.adviser.bidders import (
    NOW,
    account,
    advised,
    bidder,
    evidence,
    of_bid,
    only,
    reasons,
    sold,
    status,
    terms,
    times,
    without_terms,
)
from workers.adviser.bid_account import Standing
from workers.adviser.bid_slices import columns, delivered
from workers.adviser.bidding import advise_bids

WORTH = 0.03 * 60.0 / 4.0
"""Of a click of `sold`, by a target of four times its cost: 45 cents."""


def test_a_bid_is_rate_times_value_over_the_target_revenue_per_cost() -> None:
    advice = only(advised([bidder(0)], sold(0)))
    told = evidence(advice)

    assert advice.recommended_value == pytest.approx(Decimal(str(WORTH)), abs=Decimal("0.01"))
    assert told["rate"] == pytest.approx(0.03, rel=0.01)
    assert told["value_per_conversion"] == pytest.approx(60.0, rel=1e-6)
    assert told["allowed_cost"] == pytest.approx(15.0, rel=1e-6)
    # Rounded down to the cent, so that a click never costs more than it is worth.
    cents = int(100.0 * told["rate"] * told["allowed_cost"])
    assert advice.recommended_value == Decimal(cents) / 100


def test_a_bid_is_rate_times_the_target_cost_whatever_a_conversion_earns() -> None:
    aimed = [bidder(0, target_roas=None, target_cpa=Decimal(12))]
    for order in (0.0, 60.0, 6_000.0):
        advice = only(advised(aimed, sold(0, order=order)))
        assert advice.recommended_value in {Decimal("0.35"), Decimal("0.36")}


def test_what_a_record_says_of_itself() -> None:
    advice = only(advised([bidder(0, previous={None: "a" * 32}, inputs={"t": 5})], sold(0)))

    assert decode(encode(advice), Recommendation) == advice
    assert (advice.kind, advice.field, advice.unit) == (Kind.BID, "bid", "currency_per_click")
    assert (advice.entity, advice.entity_id) == (Entity.CAMPAIGN, "0")
    assert advice.change == (advice.recommended_value or 0) - Decimal("0.30")
    assert advice.change_pct == pytest.approx(
        float((advice.change or 0) / Decimal("0.3") * 100), abs=0.01
    )
    assert (advice.decided_at, advice.valid_from) == (NOW, NOW)
    assert advice.expires_at == NOW + timedelta(days=1)
    assert (advice.supersedes, advice.inputs, advice.plan_version) == ("a" * 32, {"t": 5}, 3)
    content = (
        encode(advice).decode().replace(f'"recommendation_id":"{advice.recommendation_id}",', "")
    )
    assert digest(content.encode()) == advice.recommendation_id


def test_the_impact_is_of_a_day_at_the_new_bid_and_the_gain_against_the_old_one() -> None:
    advice = only(advised([bidder(0)], sold(0)))
    impact = advice.expected_impact
    assert impact is not None
    assert impact.conversions is not None
    assert impact.gain is not None
    now = 24 * 40.0 * 0.03
    assert impact.conversions.p50 > now
    # Half as elastic as the bid: a half more bid brings a fifth more clicks or so.
    assert impact.conversions.p50 == pytest.approx(now * 1.5**0.5, rel=0.05)
    assert impact.gain.p10 < impact.gain.p50 < impact.gain.p90
    assert impact.gain.p50 > 0
    assert advice.confidence > 0.99


def test_several_ad_sets_have_a_bid_each_and_share_what_is_known_of_the_campaign() -> None:
    new = sold(0, "new", days=[0], hours=[9], clicks=1.0)
    rows = sold(0, "good", rate=0.06) + sold(0, "usual") + new
    found = advised([bidder(0, bid="0.30", max_change_pct=500.0)], rows)
    made = {each.entity_id: float(each.recommended_value or 0) for each in found.recommendations}

    assert all(each.entity is Entity.AD_SET for each in found.recommendations)
    assert made["good"] == pytest.approx(2.0 * WORTH, abs=0.02)
    assert made["usual"] == pytest.approx(WORTH, abs=0.02)
    assert {each.ad_set for each in found.passed} | made.keys() == {"good", "usual", "new"}


def test_the_order_of_rows_and_of_campaigns_that_are_due_is_nothing() -> None:
    chance = np.random.default_rng(3)
    rows = [
        row._replace(clicks=row.clicks * part, revenue=row.revenue * part)
        for row in sold(0, "a") + sold(0, "b", kind=("desktop", None)) + sold(1, rate=0.05)
        for part in chance.uniform(0.1, 2.0, 3).tolist()
    ]
    mixed = [rows[at] for at in chance.permutation(len(rows))]
    ordered, other = (delivered(columns(2, some)) for some in (rows, mixed))
    for name in ("keys", "ages", "clicks", "revenue"):  # to the last bit, as sums depend on it
        assert (getattr(ordered, name) == getattr(other, name)).all()
    both = [bidder(0), bidder(1)]
    assert advised(both, rows) == advised(both, mixed)
    assert advise_bids(account(both, rows), [1, 0, 1]) == advised(both, rows)


def test_a_row_in_two_parts_is_the_row() -> None:
    rows = sold(0, "a") + sold(0, "b", rate=0.05)
    parts = [
        each._replace(**{name: getattr(each, name) * part for name in each._fields[5:]})
        for each in rows
        for part in (0.25, 0.75)
    ]
    whole, split = (advised([bidder(0)], some).recommendations for some in (rows, parts))
    assert [each.recommended_value for each in whole] == [each.recommended_value for each in split]
    assert [each.confidence for each in whole] == pytest.approx([each.confidence for each in split])


def test_a_unit_of_money_is_a_matter_of_words() -> None:
    one = only(advised([bidder(0, bid="0.3000")], sold(0)))
    cents = only(advised([bidder(0, bid="30.00")], times(sold(0), 100.0)))
    assert one.recommended_value is not None
    assert float(cents.recommended_value or 0) == pytest.approx(
        float(one.recommended_value) * 100.0, abs=1.0
    )
    assert cents.confidence == pytest.approx(one.confidence, abs=1e-3)
    assert evidence(cents)["rate"] == evidence(one)["rate"]


def test_advice_on_one_campaign_is_the_same_whoever_else_is_due() -> None:
    several = [bidder(each) for each in range(3)]
    rows = [row for each in range(3) for row in sold(each, rate=0.02 + 0.02 * each)]
    known = account(several, rows)
    together = {each.campaign_id: each for each in advise_bids(known).recommendations}
    for each in range(3):
        alone = advise_bids(known, [each]).recommendations
        assert alone == tuple(one for one in together.values() if one.campaign_id == str(each))


def test_more_ad_sets_than_are_held_at_once_are_advised_as_fewer_are() -> None:
    names = [f"ad{each:03d}" for each in range(70)]
    rows = [row for name in names for row in sold(0, name, days=range(3), hours=[9, 20])]
    found = advised([bidder(0, bid="0.10")], rows)
    assert [each.entity_id for each in found.recommendations] == names
    assert len({each.recommended_value for each in found.recommendations}) == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"status": Status.PAUSED}, "not_active"),
        ({"flight_end": NOW.date() - timedelta(days=1)}, "flight_over"),
        ({"platform_bids": True}, "platform_bids"),
        ({"target_roas": None}, "no_target"),
        ({"bid": None, "standing": {}}, "bid_unknown"),
        ({"learning": True}, "learning_phase"),
    ],
)
def test_whose_bid_is_left_alone_is_told_why(fields: dict[str, Any], why: str) -> None:
    found = advised([bidder(0, **fields)], sold(0))
    assert (found.recommendations, reasons(found)) == ((), [why])


def test_without_a_plan_or_a_click_or_a_value_nothing_is_advised() -> None:
    assert reasons(advised([without_terms(bidder(0))], sold(0))) == ["no_plan"]
    assert reasons(advised([bidder(0)], [])) == ["no_clicks"]
    assert reasons(advised([bidder(0)], sold(0, clicks=0.0))) == ["no_clicks"]
    assert reasons(advised([bidder(0)], sold(0, order=0.0))) == ["no_value"]


def test_clicks_that_never_convert_lower_the_bid_and_a_few_of_them_do_not() -> None:
    aimed = bidder(0, target_roas=None, target_cpa=Decimal(15))
    others = [bidder(each, target_roas=None, target_cpa=Decimal(15)) for each in range(1, 6)]
    rest = [row for each in range(1, 6) for row in sold(each)]
    many = advise_bids(account([aimed, *others], sold(0, rate=0.0) + rest), [0])
    few = advise_bids(
        account([aimed, *others], sold(0, rate=0.0, days=[0], hours=[9], clicks=9.0) + rest), [0]
    )
    assert Decimal(0) < (only(many).recommended_value or 0) < Decimal("0.05")
    assert reasons(few) == ["within_noise"]


def test_two_targets_contradict_each_other_and_no_plan_has_both() -> None:
    with pytest.raises(SchemaError, match="give one of the two"):
        a_plan(target_roas=4.0, target_cpa=Decimal(12))


def test_bids_finer_than_a_cent_stay_as_fine_as_they_are_named() -> None:
    tiny = sold(0, price=0.002, order=0.6)  # a click is worth 0.0045
    finer = bidder(0, bid="0.003")
    advice = only(advised([finer], tiny))
    assert advice.recommended_value == pytest.approx(Decimal("0.0045"), rel=Decimal("0.01"))
    assert advice.recommended_value == round(advice.recommended_value or Decimal(0), 5)
    limited = replace(finer, terms=changed(terms(), bid=of_bid(max="0.004125")))
    assert only(advised([limited], tiny)).recommended_value == Decimal("0.004125")


def test_a_currency_without_decimals_has_whole_bids() -> None:
    yen = [bidder(0, bid="30", currency="JPY")]
    assert only(advised(yen, times(sold(0), 100.0))).recommended_value in {Decimal(44), Decimal(45)}


@pytest.mark.parametrize(
    ("fields", "bid", "clamped"),
    [
        ({"max_change_pct": 10.0}, "0.33", "max_change_pct"),
        ({"bid": of_bid(max="0.40")}, "0.40", "max_bid"),
        ({"bid": of_bid(min="0.60")}, "0.60", "min_bid"),
    ],
)
def test_what_holds_a_bid_is_told_with_its_limit(
    fields: dict[str, Any], bid: str, clamped: str
) -> None:
    own = {name: value for name, value in fields.items() if name != "bid"}
    one = bidder(0, **own)
    if "bid" in fields:
        one = replace(one, terms=changed(terms(), bid=fields["bid"]))
    advice = only(advised([one], sold(0)))
    assert advice.recommended_value == Decimal(bid)
    assert [name for name, each in status(advice).items() if each == "clamped"] == [clamped]
    assert next(each.limit for each in advice.guardrails if each.name == clamped) == Decimal(bid)


@pytest.mark.parametrize("bid", ["0.30", "0.07", "0.86", "0.91", "2.02"])
@pytest.mark.parametrize("most", [7.0, 25.0, 33.0])
def test_a_change_is_never_larger_than_the_plan_lets_it_be(bid: str, most: float) -> None:
    for one in advised([bidder(0, bid=bid, max_change_pct=most)], sold(0)).recommendations:
        assert 0.0 < abs(one.change_pct or 0.0) <= most


def test_a_bid_beyond_its_range_is_brought_back_though_it_be_within_noise() -> None:
    one = bidder(0, bid="0.45")
    assert reasons(advised([one], sold(0))) == ["within_noise"]
    lower = replace(one, terms=changed(terms(), bid=of_bid(max="0.44")))
    assert only(advised([lower], sold(0))).recommended_value == Decimal("0.44")


def test_a_bid_rests_after_a_change_as_long_as_the_plan_says() -> None:
    def changed(minutes: float) -> Any:  # noqa: ANN401
        standing = Standing(bid=Decimal("0.30"), changed_at=NOW - timedelta(minutes=minutes))
        return advised([bidder(0, cooldown_minutes=90, standing={None: standing})], sold(0))

    assert reasons(changed(89.0)) == ["cooldown"]
    assert only(changed(90.0)).recommended_value is not None


@pytest.mark.parametrize(
    ("fields", "rail"),
    [
        ({"autonomy": Autonomy.PROPOSE}, "autonomy"),
        ({"protected": True}, "protected"),
        ({"min_confidence": 1.0, "clicks": 0.2}, "min_confidence"),
        ({"paced": True}, "pacing_multiplier"),
        ({"max_changes_per_day": 0}, "max_changes_per_day"),
    ],
)
def test_a_bid_goes_by_itself_unless_one_rail_asks_for_a_person(
    fields: dict[str, Any], rail: str
) -> None:
    rows = sold(0, clicks=fields.pop("clicks", 40.0))
    assert only(advised([bidder(0)], sold(0))).auto_execute
    advice = only(advised([bidder(0, bid="0.20", **fields)], rows))
    assert not advice.auto_execute
    assert [name for name, each in status(advice).items() if each == "blocked"] == [rail]


def test_a_protected_ad_set_waits_for_a_person_beside_one_that_does_not() -> None:
    rows = sold(0, "kept") + sold(0, "free")
    found = advised([bidder(0, ad_sets={"kept": AdSetTerms(protected=True)})], rows)
    assert {each.entity_id: each.auto_execute for each in found.recommendations} == {
        "kept": False,
        "free": True,
    }


def test_an_ad_sets_own_bid_and_range_go_before_the_campaigns() -> None:
    rows = sold(0, "own") + sold(0, "campaigns")
    one = bidder(
        0,
        ad_sets={"own": AdSetTerms(bid=of_bid(max="0.25"))},
        standing={
            None: Standing(bid=Decimal("0.30")),
            "own": Standing(bid=Decimal("0.20")),
        },
    )
    made = {each.entity_id: each for each in advised([one], rows).recommendations}
    assert (made["own"].current_value, made["own"].recommended_value) == (
        Decimal("0.20"),
        Decimal("0.25"),
    )
    assert made["campaigns"].current_value == Decimal("0.30")


def test_where_a_multiplier_keeps_the_budget_the_base_is_advised_and_for_a_person_only() -> None:
    paced = bidder(0, bid="0.60", paced=True, multiplier=Decimal(2))
    advice = only(advised([paced], sold(0)))
    assert advice.current_value == Decimal("0.30")  # as reported, without the multiplier
    assert not advice.auto_execute
    assert advice.risk is Risk.MEDIUM
    told = next(each for each in advice.reasons if each.code == "pacing_learns_anew")
    assert told.evidence["base_factor"] == pytest.approx(
        1.0 / float(str(told.evidence["multiplier_factor"])), rel=1e-4
    )
    base = replace(paced, terms=changed(terms(paced=True), bid=of_bid(base="0.25")))
    assert only(advised([base], sold(0))).current_value == Decimal("0.25")
    plain = replace(paced, terms=changed(terms(), bid=of_bid(base="0.25")))
    assert only(advised([plain], sold(0))).current_value == Decimal("0.60")


def test_conversions_that_are_not_there_yet_do_not_lower_a_bid() -> None:
    """Two in three conversions of the newest four days are not there yet."""
    low, whole = [bidder(0, bid="0.20")], sold(0, days=range(4, 28))
    young = sold(0, days=range(4), share=1.0 / 3.0)
    late = only(advised(low, whole + young))
    naive = only(advised(low, whole + [each._replace(share=1.0) for each in young]))
    assert evidence(late)["rate"] == pytest.approx(0.03, rel=0.04)
    assert evidence(naive)["rate"] < 0.92 * 0.03


def test_the_newest_week_counts_by_how_much_it_says() -> None:
    worse = sold(0, days=range(7), rate=0.01) + sold(0, days=range(7, 28), rate=0.03)
    thin = sold(0, days=range(7), rate=0.01, clicks=0.5) + sold(0, days=range(7, 28), rate=0.03)
    much, little = (only(advised([bidder(0, bid="0.10")], rows)) for rows in (worse, thin))
    assert evidence(much)["rate"] < 0.016
    assert evidence(little)["rate"] > 0.027
    week = next(each for each in much.reasons if each.code == "worse_week")
    counted, expected = week.evidence["counted"], week.evidence["expected"]
    assert counted == pytest.approx(7 * 24 * 40 * 0.01)
    factor = (float(str(counted)) + 50.0) / (float(str(expected)) + 50.0)
    assert week.evidence["factor"] == pytest.approx(max(factor, 0.5), rel=1e-4)


def test_a_value_that_something_else_tells_takes_the_place_of_revenue() -> None:
    found = only(advised([bidder(0, value=120.0, bid="0.60")], sold(0)))
    assert evidence(found)["value_per_conversion"] == 120.0
    assert found.recommended_value == pytest.approx(Decimal("0.90"), abs=Decimal("0.02"))


def test_an_order_value_that_a_plan_states_is_believed_where_no_revenue_is_reported() -> None:
    stated = [bidder(0, avg_order_value=Decimal(80))]
    assert evidence(only(advised(stated, sold(0, order=0.0))))["value_per_conversion"] == 80.0
    much = evidence(only(advised(stated, sold(0))))["value_per_conversion"]
    assert 60.0 < much < 61.0  # thirty thousand clicks tell more than the plan


def test_revenue_in_another_currency_teaches_no_value() -> None:
    def value(order: float) -> float:
        few = sold(0, days=range(2), hours=[9])
        rows = few + times(sold(1, order=order), 100.0)
        both = [bidder(0, bid="0.10"), bidder(1, bid="30", currency="JPY")]
        found = advise_bids(account(both, rows), [0])
        return float(evidence(only(found))["value_per_conversion"])

    assert value(60.0) == value(900.0) == pytest.approx(60.0)


def test_a_large_and_likely_change_is_looked_at_first() -> None:
    first = only(advised([bidder(0)], sold(0)))
    later = only(advised([bidder(0, max_change_pct=5.0)], sold(0)))
    assert (first.priority, later.priority) == (Priority.HIGH, Priority.LOW)
    assert first.risk is Risk.LOW


def a_plan(**fields: Any) -> Plan:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": "0",
        "version": 9,
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "budget": Budget(amount=Decimal(100), period=BudgetPeriod.DAY),
    }
    return Plan(**(given | fields))


@pytest.mark.parametrize(
    ("strategy", "actuator", "paced", "platform"),
    [
        (Strategy.ADAPTIVE, None, True, False),
        (Strategy.ADAPTIVE, Actuator.BID, True, False),
        (Strategy.ADAPTIVE, Actuator.BUDGET, False, False),
        (Strategy.ADAPTIVE, Actuator.TARGET_CPA, False, True),
        (Strategy.EVEN, Actuator.TARGET_ROAS, False, True),
        (Strategy.EVEN, None, False, False),
    ],
)
def test_terms_say_who_moves_bids(
    strategy: Strategy, actuator: Actuator | None, *, paced: bool, platform: bool
) -> None:
    found = terms_of(a_plan(strategy=strategy, actuator=actuator))
    assert (found.paced, found.platform_bids) == (paced, platform)


def test_terms_are_the_plans() -> None:
    own = AdSet(ad_set_id="a", bid=Bid(max=Decimal(2)), protected=True)
    found = terms_of(a_plan(target_cpa=Decimal(9), ad_sets=(own,), bid=Bid(base=Decimal(1))))
    assert found.ad_sets == {"a": AdSetTerms(bid=Bid(max=Decimal(2)), protected=True)}
    assert (found.plan_version, found.target_cpa, found.timezone) == (
        9,
        Decimal(9),
        "Europe/Berlin",
    )
    assert (found.max_change_pct, found.max_changes_per_day, found.min_confidence) == (100, 25, 0.5)
