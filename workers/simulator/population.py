"""Makes up advertisers: accounts on four platforms, campaigns, budgets and a market for them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from importlib.resources import files
from typing import Any

import numpy as np

from schemas.keys import CampaignKey
from schemas.money import exponent_of
from workers.simulator import shapes
from workers.simulator.market import UNITS, Market, expected_spend, generator
from workers.simulator.shapes import Floats

SHARE_OF_DEMAND = (0.25, 0.55)
"""Day budgets lie between these shares of what a campaign could spend without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign as its advertiser knows it."""

    key: CampaignKey
    currency: str
    timezone: str
    day_budget: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Campaigns and the market that they live in; row ``i`` of the market is campaign ``i``."""

    campaigns: tuple[Campaign, ...]
    market: Market


def make_world(count: int, *, seed: int, auctions_per_day: float = 30_000.0) -> World:
    """Make ``count`` campaigns, spread evenly over the accounts of ``accounts.toml``.

    Parameters
    ----------
    count
        Campaigns, >= 1.
    seed
        The same seed makes the same world, whatever the machine.
    auctions_per_day
        Median of the campaigns' daily auctions; more make conversions less a matter of luck, and an
        hour dearer to draw (about 80 nanoseconds an auction).
    """
    source = tomllib.loads(files(__package__).joinpath("accounts.toml").read_text())
    accounts = [source["accounts"][i % len(source["accounts"])] for i in range(count)]
    families = [source["platforms"][account["platform"]] for account in accounts]
    keys = [
        CampaignKey(account["platform"], account["account_id"], f"campaign-{i:03d}")
        for i, account in enumerate(accounts)
    ]
    market = _market(keys, accounts, families, (seed, auctions_per_day))
    budgets = _day_budgets(market, accounts)
    campaigns = tuple(
        Campaign(
            key=key, currency=account["currency"], timezone=account["timezone"], day_budget=budget
        )
        for key, account, budget in zip(keys, accounts, budgets, strict=True)
    )
    return World(campaigns=campaigns, market=market)


def _market(
    keys: list[CampaignKey],
    accounts: list[dict[str, Any]],
    families: list[dict[str, Any]],
    size: tuple[int, float],
) -> Market:
    seed, auctions_per_day = size
    own, kin = _deviations(keys, seed)
    level = np.log([account["price_level"] * UNITS for account in accounts])
    traffic = _shape(families, "traffic", 0.10 * own[:, :6] + 0.08 * kin[:, :6])
    intent = _shape(families, "intent", 0.10 * own[:, 6:12] + 0.08 * kin[:, 6:12])
    scale = auctions_per_day / 24 * np.exp(0.4 * own[:, 12])
    rate = _column(families, "conversion_rate") * np.exp(0.2 * own[:, 13])
    price = level + np.log(0.4) + 0.2 * own[:, 14]
    return Market(
        seed=seed,
        keys=tuple(map(_name, keys)),
        timezones=tuple(account["timezone"] for account in accounts),
        demand=traffic * scale[:, None],
        competition=traffic**0.2,
        conversion_rate=np.minimum(intent * rate[:, None], 1.0),
        click_rate=_column(families, "click_rate"),
        value_mean=price - 0.1 + 0.15 * own[:, 15],
        value_sd=np.full(len(keys), 0.5),
        price_mean=price,
        price_sd=np.full(len(keys), 0.6),
        order_value=np.exp(level + np.log(45.0) + 0.3 * kin[:, 14]),
        order_step=np.array([UNITS // 10 ** exponent_of(a["currency"]) for a in accounts]),
        delay=_column(families, "delay_hours") * np.exp(0.2 * kin[:, 15]),
    )


def _name(key: CampaignKey) -> str:
    return ":".join(key)


def _deviations(keys: list[CampaignKey], seed: int) -> tuple[Floats, Floats]:
    """Return how campaigns and their accounts depart from their family: (B, 16) each, normal.

    Row by row from generators of their own, so that a campaign stays itself in a larger world.
    """
    own = [generator(seed, "campaign", _name(key)).normal(size=16) for key in keys]
    kin = [generator(seed, "account", *key[:2]).normal(size=16) for key in keys]
    return np.stack(own), np.stack(kin)


def _column(families: list[dict[str, Any]], name: str) -> Floats:
    return np.array([family[name] for family in families], np.float64)


def _shape(families: list[dict[str, Any]], name: str, deviation: Floats) -> Floats:
    """Return weekly weights (B, 168); ``deviation`` (B, 6) moves the family's swings and peaks."""
    waves = np.array([family[name] for family in families], np.float64)
    swings = waves[:, :, 0] * np.exp(deviation[:, :3])
    peaks = waves[:, :, 1] + 4.0 * deviation[:, 3:]
    weekdays = np.array([family["weekday"] for family in families], np.float64)
    return shapes.weekly(shapes.harmonic_day(swings, peaks), weekdays)


def _day_budgets(market: Market, accounts: list[dict[str, Any]]) -> list[Decimal]:
    per_day = expected_spend(market).sum(axis=1) / 7 / UNITS
    low, high = SHARE_OF_DEMAND
    chance = [generator(market.seed, "budget", key).uniform(low, high) for key in market.keys]
    return [
        _round(amount * share, account["currency"])
        for amount, share, account in zip(per_day, chance, accounts, strict=True)
    ]


def _round(amount: float, currency: str) -> Decimal:
    """Round to two significant digits, as people set budgets, and to what the currency can pay."""
    exact = Decimal(repr(float(amount)))
    step = Decimal(1).scaleb(max(exact.adjusted() - 1, -exponent_of(currency)))
    rounded = (exact / step).to_integral_value(ROUND_HALF_EVEN) * step
    return Decimal(f"{rounded:f}")
