"""How well a campaign is run, from the topics: each part against one that is reckoned by hand."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from schemas import (
    AuditEntry,
    AuditStatus,
    HoldReason,
    Impact,
    Kind,
    MoneyRange,
    Range,
    Recommendation,
)
from tests.workers.report.told import KEY, a_hold, a_plan, advice, an_entry, an_hour, at
from tests.workers.status.books import a_book, only
from workers.status.answering import answers_of
from workers.status.book import CHANGES
from workers.status.model import CampaignStatus, ScorePart
from workers.status.page import print_campaign
from workers.status.standing import campaigns_of, totals_of

WEEK = 7 * 24
OFFER = f"{2**100:032x}"


def an_offer(conversions: float, budget: str = "300", **fields: Any) -> Recommendation:  # noqa: ANN401 -- fields of a record
    """Return advice of a daily budget for a week, with what it brings a day."""
    given: dict[str, Any] = {
        "recommendation_id": OFFER,
        "kind": Kind.BUDGET,
        "field": "daily_budget",
        "current_value": Decimal(240),
        "recommended_value": Decimal(budget),
        "projected_spend": None,
        "hour_plan": (),
        "expires_at": at(2 * WEEK),
        "expected_impact": Impact(
            conversions=Range(p10=0.0, p50=7 * conversions, p90=99.0 * conversions)
        ),
        "confidence": 0.8,
    }
    return advice(WEEK, **(given | fields))


def stand(
    *told: Recommendation,
    audit: tuple[AuditEntry, ...] = (),
    **fields: Any,  # noqa: ANN401 -- fields of a record
) -> CampaignStatus:
    """Return how a campaign of 48 conversions a day stands after a week."""
    hours = [an_hour(number) for number in range(WEEK)]
    plan = a_plan(**fields)
    decided = advice(WEEK)
    return only(a_book(hours, plans=[plan], recommendations=[decided, *told], audit=audit))


def part(status: CampaignStatus, name: str) -> ScorePart:
    assert status.score is not None
    return next(each for each in status.score.parts if each.name == name)


def test_advice_that_is_open_costs_what_it_would_bring_by_its_confidence() -> None:
    assert part(stand(), "advice").attained == 1.0
    # A quarter more, with 80 %: a fifth of what there is.
    assert part(stand(an_offer(60.0)), "advice").attained == pytest.approx(1 / 1.2)
    # Half the budget for 40 of 48: the half set free buys 24 more.
    cut = stand(an_offer(40.0, "120"))
    assert part(cut, "advice").attained == pytest.approx(1 / (1 + 0.8 * (40 / 48 - 0.5)))


@pytest.mark.parametrize(
    "status", [AuditStatus.SIMULATED, AuditStatus.APPLIED, AuditStatus.CONFIRMED]
)
def test_following_advice_raises_the_score_and_undoing_it_takes_that_back(
    status: AuditStatus,
) -> None:
    before = stand(an_offer(60.0))
    after = stand(an_offer(60.0), audit=(entry(status),))
    undone = stand(an_offer(60.0), audit=(entry(status), entry(AuditStatus.ROLLED_BACK)))

    assert before.score is not None
    assert after.score is not None
    assert after.score.points > before.score.points
    assert after.score.points - before.score.points == pytest.approx(part(before, "advice").lacking)
    assert undone.score == before.score


@pytest.mark.parametrize(
    "status", [AuditStatus.INTENT, AuditStatus.SHADOW, AuditStatus.UNVERIFIED, AuditStatus.FAILED]
)
def test_advice_that_is_not_known_to_be_in_force_stays_open(status: AuditStatus) -> None:
    assert stand(an_offer(60.0), audit=(entry(status),)).score == stand(an_offer(60.0)).score


def test_advice_of_which_one_value_was_set_stays_open() -> None:
    part = replace(entry(AuditStatus.APPLIED), field="platform_daily_budget")
    assert stand(an_offer(60.0), audit=(part,)).score == stand(an_offer(60.0)).score


def test_neither_what_is_about_to_be_sent_nor_its_parts_are_among_what_changed_last() -> None:
    hours = [an_hour(number) for number in range(WEEK)]
    part = replace(entry(AuditStatus.APPLIED), field="platform_daily_budget")
    trail = (entry(AuditStatus.APPLIED), *[entry(AuditStatus.INTENT), part] * CHANGES)
    book = a_book(hours, plans=[a_plan()], audit=trail)

    assert [each.status for each in answers_of(book, KEY, only(book), None).changes] == ["applied"]


def entry(status: AuditStatus) -> AuditEntry:
    return replace(an_entry(WEEK, status), recommendation_id=OFFER, field="daily_budget")


def test_advice_that_has_expired_or_that_a_hold_took_the_place_of_is_not_open() -> None:
    gone = an_offer(60.0, expires_at=at(WEEK), valid_from=at(0))
    hold = a_hold(WEEK, HoldReason.WITHIN_BAND, field="daily_budget", decided_at=at(WEEK + 0.5))

    assert part(stand(gone), "advice").attained == 1.0
    assert part(stand(an_offer(60.0), hold), "advice").attained == 1.0
    assert part(stand(an_offer(60.0), hold), "data").attained == 1.0


def test_an_end_below_the_budget_costs_its_share() -> None:
    ends = MoneyRange(p10=Decimal(1), p50=Decimal(120), p90=Decimal(240))
    hours = [an_hour(number) for number in range(WEEK)]
    told = advice(WEEK, projected_spend=ends, pacing_index=None)
    found = only(a_book(hours, plans=[a_plan()], recommendations=[told]))

    assert part(found, "budget_use").attained == pytest.approx(0.75 * 0.5 + 0.25)


def test_what_there_is_no_basis_for_is_left_out() -> None:
    found = only(a_book([an_hour(number) for number in range(WEEK)]))

    assert (part(found, "budget_use").weight, part(found, "target").weight) == (0.0, 0.0)
    assert found.score is not None
    assert sum(each.weight for each in found.score.parts) == pytest.approx(100.0)


def test_a_target_that_is_missed_and_late_reports_cost_points() -> None:
    assert part(stand(target_cpa=Decimal(4)), "target").attained == pytest.approx(0.8)
    hours = [an_hour(number) for number in range(WEEK)]
    late = only(a_book(hours, plans=[a_plan()], recommendations=[advice(WEEK + 13)]))
    assert part(late, "data").attained == pytest.approx(1 - 10 / 21)


def test_holds_by_something_broken_cost_their_share_of_the_decisions_and_others_nothing() -> None:
    hours = [an_hour(number) for number in range(20)]
    told = [advice(number) for number in range(15)]
    for reason, attained in ((HoldReason.STALE_DATA, 0.75), (HoldReason.BUDGET_GONE, 1.0)):
        holds = [a_hold(number, reason) for number in range(15, 20)]
        found = only(a_book(hours, plans=[a_plan()], recommendations=[*told, *holds]))
        assert part(found, "data").attained == pytest.approx(attained), reason


def test_hours_that_only_taught_before_the_first_decision_cost_nothing() -> None:
    hours = [an_hour(number) for number in range(20)]
    taught = [a_hold(number, HoldReason.STALE_DATA) for number in range(19)]
    found = only(a_book(hours, plans=[a_plan()], recommendations=[*taught, advice(19)]))

    assert part(found, "data").attained == 1.0


def test_an_account_has_the_mean_of_its_campaigns_by_what_they_spend() -> None:
    hours = [an_hour(number) for number in range(WEEK)]
    hours += [
        an_hour(number, "30", campaign_id="43", conversions=Decimal(0)) for number in range(WEEK)
    ]
    book = a_book(hours, plans=[a_plan(), a_plan(campaign_id="43")])
    campaigns = campaigns_of(book, list(book.campaigns))
    (total,) = totals_of(book, list(book.campaigns), campaigns)

    points = {each.campaign: each.score.points for each in campaigns if each.score}
    wanted = (points["google:7:42"] + 3 * points["google:7:43"]) / 4
    assert total.score.points == pytest.approx(wanted)
    assert points["google:7:42"] > points["google:7:43"]


def test_the_page_says_of_each_part_what_it_has_and_what_would_raise_it_by_how_much() -> None:
    hours = [an_hour(number) for number in range(WEEK)]
    book = a_book(hours, plans=[a_plan()], recommendations=[advice(WEEK), an_offer(60.0)])
    (found,) = campaigns_of(book, [KEY])
    file = io.StringIO()
    print_campaign(Console(file=file, width=100), answers_of(book, KEY, found, None))
    text = " ".join(file.getvalue().split())

    assert found.score is not None
    assert f"How well it is run: {found.score.points:.0f} of 100" in text
    assert "daily budget EUR 300.00 for 60 conversions a day, 80% sure" in text
    lacking = part(found, "advice").lacking
    assert f"+{lacking:.0f}: approve it by `pacekeeper decide approve`" in text
