"""What can be asked for on Google Ads, and what is refused before anything is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from schemas.fields import Entity
from workers.connectors.errors import Rejected
from workers.connectors.google.options import GoogleOptions
from workers.connectors.google.places import BID_FIELDS, MODIFIERS, Place
from workers.connectors.protocol import Capabilities, Change, Lever, Ref, State

CAPABILITIES: Final = Capabilities(
    levers=frozenset(
        {
            (Entity.CAMPAIGN, Lever.DAILY_BUDGET),
            (Entity.CAMPAIGN, Lever.LIFETIME_BUDGET),
            (Entity.CAMPAIGN, Lever.TARGET_CPA),
            (Entity.CAMPAIGN, Lever.TARGET_ROAS),
            (Entity.CAMPAIGN, Lever.DEVICE_MODIFIER),
            (Entity.CAMPAIGN, Lever.SCHEDULE_MODIFIER),
            (Entity.CAMPAIGN, Lever.STATUS),
            (Entity.CAMPAIGN, Lever.SEASONALITY),
            (Entity.AD_SET, Lever.BID),
            (Entity.AD_SET, Lever.TARGET_CPA),
            (Entity.AD_SET, Lever.TARGET_ROAS),
            (Entity.AD_SET, Lever.DEVICE_MODIFIER),
            (Entity.AD_SET, Lever.STATUS),
        }
    ),
    dry_run=True,
    hourly=True,
    history=True,
)
SMART: Final = frozenset(
    {"TARGET_CPA", "TARGET_ROAS", "MAXIMIZE_CONVERSIONS", "MAXIMIZE_CONVERSION_VALUE"}
)
"""Strategies under which Google takes a modifier and does not go by it."""


def has(ref: Ref) -> bool:
    """Return whether there is such a value on Google Ads: modifiers have parts, others none."""
    parted = ref.lever in MODIFIERS or ref.lever is Lever.SEASONALITY
    return (ref.entity, ref.lever) in CAPABILITIES.levers and bool(ref.part) == parted


def refuse(change: Change, state: State, options: GoogleOptions) -> Place:
    """Return where the value is kept; raise `Rejected` for what needs no asking."""
    ref = change.ref
    if not has(ref):
        of_part = f" for {ref.part!r}" if ref.part else ""
        raise Rejected(
            f"Google Ads has no {ref.lever} to set on a {ref.entity}{of_part}", field="lever"
        )
    if change.currency != state.currency:
        raise Rejected(
            f"decided in {change.currency}, but the account has {state.currency}: "
            "correct the campaign's currency",
            field="currency",
        )
    where = Place.of(state.version, ref)
    _refuse_shared(where, ref, state, options)
    _refuse_ignored(where, ref, change.target)
    return where


def _refuse_shared(where: Place, ref: Ref, state: State, options: GoogleOptions) -> None:
    if where.owner != ref.account_id.replace("-", ""):
        raise Rejected(
            f"campaign {ref.entity_id} bids by a strategy of account {where.owner}: change it "
            "there, or give the campaign a strategy of its own",
            field="bidding_strategy",
        )
    if not state.shared:
        return
    if where.collection == "campaignBudgets" and not options.shared_budgets:
        raise Rejected(
            f"campaign {ref.entity_id} shares its budget with others: give it one of its own, "
            "or allow shared budgets",
            field="explicitly_shared",
        )
    if where.collection == "biddingStrategies" and not options.shared_strategies:
        raise Rejected(
            f"campaign {ref.entity_id} shares its bidding strategy with others: give it one of "
            "its own, or allow shared strategies",
            field="bidding_strategy",
        )


def _refuse_ignored(where: Place, ref: Ref, target: Decimal) -> None:
    """Raise `Rejected` for what Google would take and not go by."""
    if ref.lever is Lever.BID and where.strategy not in BID_FIELDS:
        raise Rejected(
            f"Google finds the bids by itself under {where.strategy} and ignores this one: "
            "set the strategy's target",
            field="cpc_bid_micros",
        )
    if ref.lever is Lever.SEASONALITY and where.strategy not in SMART and target != 1:
        raise Rejected(
            f"Google goes by seasonality adjustments only where it finds the bids by itself, not "
            f"under {where.strategy}: set bids, or choose a strategy with a target",
            field="conversion_rate_modifier",
        )
    off = ref.lever is Lever.DEVICE_MODIFIER and target == 0
    if ref.lever in MODIFIERS and where.strategy in SMART and not off:
        raise Rejected(
            f"Google ignores modifiers under {where.strategy}, but 0 of a device, which ends its "
            "delivery there: set the strategy's target",
            field="bid_modifier",
        )
