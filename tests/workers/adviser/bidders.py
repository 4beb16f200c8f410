"""Accounts whose clicks convert as told, and what is advised of their bids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from schemas import Bid, BidTerms, Recommendation
from schemas.fields import Autonomy
from workers.adviser.bid_account import Account, Bidder, Standing
from workers.adviser.bid_slices import Sold, columns, delivered
from workers.adviser.bidding import Advised, advise_bids

NOW = datetime(2026, 3, 2, 0, 5, tzinfo=UTC)
DAYS = 28
TOLD: Mapping[str, float] = {
    "clicks": 40.0,
    "rate": 0.03,
    "price": 0.4,
    "order": 60.0,
    "share": 1.0,
}


def terms(**fields: Any) -> BidTerms:  # noqa: ANN401 -- fields of a record
    """Return terms of a plan in euros that lets everything go by itself."""
    given: dict[str, Any] = {
        "plan_version": 3,
        "currency": "EUR",
        "timezone": "UTC",
        "target_roas": 4.0,
        "autonomy": Autonomy.AUTO,
    }
    return BidTerms(**(given | fields))


def bidder(campaign: int, bid: str | None = "0.30", **fields: Any) -> Bidder:  # noqa: ANN401
    """Return a campaign with a bid of 30 cents; fields are its own, or those of its terms."""
    own = {name: fields.pop(name) for name in list(fields) if name in Bidder.__slots__}
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": str(campaign),
        "terms": terms(**fields),
        "standing": {} if bid is None else {None: Standing(bid=Decimal(bid))},
    }
    return Bidder(**(given | own))


def sold(
    campaign: int,
    ad_set: str | None = None,
    *,
    days: Iterable[int] = range(DAYS),
    hours: Iterable[int] = range(24),
    kind: tuple[str | None, str | None] = ("mobile", None),
    **told: float,
) -> list[Sold]:
    """Return the hours of a campaign's days, as many days ago, that convert exactly as told.

    All are of one device and placement.
    """
    numbers = {**TOLD, **told}
    clicks = numbers["clicks"]
    conversions = clicks * numbers["rate"] * numbers["share"]
    return [
        Sold(
            campaign,
            (ad_set, *kind),
            hour,
            24.0 * day + 23.0 - hour,
            numbers["share"],
            clicks,
            clicks * numbers["price"],
            conversions,
            conversions * numbers["order"],
        )
        for day in days
        for hour in hours
    ]


def account(bidders: Iterable[Bidder], rows: Iterable[Sold], **fields: Any) -> Account:  # noqa: ANN401
    """Return an account at the end of its first day in March."""
    all_ = tuple(bidders)
    given: dict[str, Any] = {
        "bidders": all_,
        "delivered": delivered(columns(len(all_), rows)),
        "now": NOW,
        "model_version": "pacekeeper/test",
    }
    return Account(**(given | fields))


def advised(bidders: Iterable[Bidder], rows: Iterable[Sold], **fields: Any) -> Advised:  # noqa: ANN401
    """Return what is advised of the bids of an account."""
    return advise_bids(account(bidders, rows, **fields))


def only(found: Advised) -> Recommendation:
    """Return the one recommendation there is."""
    (advice,) = found.recommendations
    return advice


def reasons(found: Advised) -> list[str]:
    """Return why bids were left alone."""
    return [each.reason.value for each in found.passed]


def status(advice: Recommendation) -> dict[str, str]:
    """Return what each guard rail did."""
    return {check.name: check.status.value for check in advice.guardrails}


def evidence(advice: Recommendation) -> dict[str, Any]:
    """Return the numbers of the main reason."""
    return dict(advice.reasons[0].evidence)


def of_bid(**limits: str) -> Bid:
    """Return a range of bids."""
    return Bid(**{name: Decimal(value) for name, value in limits.items()})


def times(rows: Iterable[Sold], money: float) -> list[Sold]:
    """Return the same rows in a unit of money that is smaller by that factor."""
    return [each._replace(spend=each.spend * money, revenue=each.revenue * money) for each in rows]


def without_terms(one: Bidder) -> Bidder:
    """Return a campaign that has no plan."""
    return replace(one, terms=None)
