"""Rows of a simulated report: they sum to it, stay as they were, and differ where they should."""

from __future__ import annotations

from decimal import Decimal

import pytest

from schemas import Breakdown, CampaignKey
from workers.simulator.reports import Report
from workers.simulator.slices import LOSING, WEARY, breakdown_of

COUNTS = ("impressions", "clicks", "spend", "conversions", "revenue")


def a_report(hour: int = 500_000, *, conversions: int = 31, revenue: int = 13_950_037) -> Report:
    return Report(
        row=0,
        hour=hour,
        due=hour + 1,
        revision=0,
        impressions=10_007,
        clicks=503,
        spend=2_515_001,
        conversions=conversions,
        revenue=revenue,
    )


def rows(campaign: str, hours: int = 1, platform: str = "google") -> list[Breakdown]:
    key = CampaignKey(platform, "7", campaign)
    return [row for at in range(hours) for row in breakdown_of(key, a_report(500_000 + at))]


def total(several: list[Breakdown], name: str, **named: str) -> float:
    return float(
        sum(
            getattr(row, name)
            for row in several
            if all(getattr(row, each) == value for each, value in named.items())
        )
    )


@pytest.mark.parametrize("campaign", ["campaign-009", LOSING, WEARY])
def test_rows_sum_to_the_report_exactly(campaign: str) -> None:
    told = rows(campaign)

    sums = [sum((Decimal(getattr(row, name)) for row in told), Decimal(0)) for name in COUNTS]
    assert sums == [10_007, 503, Decimal("251.5001"), 31, Decimal("1395.0037")]


def test_a_report_of_nothing_but_money_still_sums() -> None:
    report = Report(
        row=0, hour=1, due=2, revision=0, impressions=0, clicks=0, spend=7, conversions=0, revenue=3
    )

    (row,) = breakdown_of(CampaignKey("google", "7", "x"), report)

    assert (row.spend, row.revenue) == (Decimal("0.0007"), Decimal("0.0003"))


def test_an_hour_that_is_told_again_only_gains_conversions() -> None:
    key = CampaignKey("google", "7", "x")
    before = breakdown_of(key, a_report(conversions=12))
    after = breakdown_of(key, a_report(conversions=31))

    for one, two in zip(before, after, strict=True):
        assert (one.impressions, one.clicks, one.spend) == (two.impressions, two.clicks, two.spend)
        assert one.conversions <= two.conversions


def test_platforms_that_tell_totals_alone_have_no_rows() -> None:
    assert rows("campaign-009", platform="linkedin") == []


def test_partners_of_one_campaign_hardly_ever_buy_and_those_of_others_do() -> None:
    def share(campaign: str) -> float:
        told = rows(campaign, 200)
        clicks, sold = (
            total(told, name, placement="partners") for name in ("clicks", "conversions")
        )
        return sold / clicks / (total(told, "conversions") / total(told, "clicks"))

    assert share(LOSING) < 0.15
    assert 0.7 < share("campaign-009") < 1.0


def test_one_ad_set_is_clicked_on_half_as_much_as_the_same_ad_set_elsewhere() -> None:
    def rate(campaign: str, ad_set: str) -> float:
        told = rows(campaign, 200)
        where = {"ad_set_id": ad_set, "device": "mobile", "placement": "main"}
        return total(told, "clicks", **where) / total(told, "impressions", **where)

    ratio = rate(WEARY, "seasonal") / rate(WEARY, "evergreen")
    assert ratio == pytest.approx(0.5, abs=0.04)
    assert rate("campaign-009", "seasonal") == pytest.approx(
        rate("campaign-009", "evergreen"), rel=0.05
    )
