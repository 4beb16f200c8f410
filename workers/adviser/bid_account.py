"""What advice on the bids of an account is made from, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from schemas import BidTerms
from workers.adviser.bid_slices import Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a bid stands."""

    bid: Decimal
    """In force, money per click, as reports or the audit trail name it."""
    changed_at: datetime | None = None
    """When it was last changed; None where that is not known to have happened."""
    changes_today: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bidder:
    """One campaign of the account."""

    platform: str
    account_id: str
    campaign_id: str
    terms: BidTerms | None
    """What its plan says; None without a plan."""
    standing: Mapping[str | None, Standing] = field(default_factory=dict)
    """Bids in force by ad set; None is the campaign's own, which ad sets have that name none."""
    multiplier: Decimal = Decimal(1)
    """The pacing multiplier that is in the reported bids: they are divided by it."""
    learning: bool = False
    """Whether the platform says that it is learning."""
    as_told: bool = False
    """Whether conversions are as told, with no more to be foretold: a lower bound of what clicks
    bring."""
    value: float | None = None
    """What a conversion is worth, money, where something else has told: a longer horizon's value.
    Else it is learned from revenue."""
    previous: Mapping[str | None, str] = field(default_factory=dict)
    """Id of the last advice by ad set, None for the campaign's own."""
    inputs: Mapping[str, int] = field(default_factory=dict)
    state_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Campaigns of one account, at one moment."""

    bidders: tuple[Bidder, ...]
    delivered: Delivered
    """Of all of them, in the same order."""
    now: datetime
    model_version: str
