"""The auctions of many campaigns, hour by hour, and the people behind them.

`draw` makes the auctions of an hour from a seed, the campaign's key and the hour alone: no policy
has a say in it. `clearing.clear` then plays a policy against these very auctions. Two policies
compared on the same draws differ by what they did and by nothing else (common random numbers).

Campaigns pay by click, so an auction here is one whose person clicks on the ad; the showings
that nobody clicks come with it as a number.

Money is counted in ten-thousandths of the account's currency, as int64.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from math import erf

import numpy as np
from numpy.typing import NDArray

from workers.simulator.shapes import Floats, Integers, hour_of_week

UNITS = 10_000
"""Units of money in one unit of currency."""

Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The world of B campaigns: what a week looks like to each, and how its auctions fall.

    Values and prices are log-normal: their logs, of units of money per click, have the means and
    standard deviations given here.
    """

    seed: int
    keys: tuple[str, ...]
    """Campaign keys, ``platform:account_id:campaign_id``."""
    timezones: tuple[str, ...]
    demand: Floats
    """Shape (B, 168): expected auctions in each local hour of the week, Monday first."""
    competition: Floats
    """Shape (B, 168): factor on prices, > 0."""
    conversion_rate: Floats
    """Shape (B, 168): conversions per click in each local hour of the week, in [0, 1]."""
    click_rate: Floats
    """Shape (B,): clicks per impression, in (0, 1]."""
    value_mean: Floats
    value_sd: Floats
    price_mean: Floats
    price_sd: Floats
    order_value: Floats
    """Shape (B,): median revenue of one conversion, units of money."""
    order_step: Integers
    """Shape (B,): revenue is a whole multiple of this, units; the currency's minor unit."""
    delay: Floats
    """Shape (B,): mean hours from click to conversion, exponential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auctions:
    """The auctions of one hour in the order they come up, campaign after campaign."""

    owner: Integers
    """Shape (N,): row of the campaign, non-decreasing."""
    ends: Integers
    """Shape (B,): where each campaign's auctions end."""
    value: Floats
    """Shape (N,): what the campaign thinks the click is worth, units."""
    price: Integers
    """Shape (N,): the highest bid of the others, units, >= 1."""
    lot: Floats
    """Shape (N,), in [0, 1): who takes part in a share of auctions takes the lots below it."""
    showings: Integers
    """Shape (N,): impressions that go with the click, itself included, >= 1."""
    buyers: Integers
    """Shape (C,): the auctions whose person buys after the click."""
    wait: Floats
    """Shape (C,): hours from the end of the hour until they buy; 0 when within the hour."""
    revenue: Integers
    """Shape (C,): what they would pay, units."""


def generator(seed: int, *scope: object) -> np.random.Generator:
    """Return the generator for one purpose, the same in every process and for every neighbour."""
    name = "/".join(map(str, (seed, *scope))).encode()
    key = np.frombuffer(blake2b(name, digest_size=16).digest(), np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def draw(market: Market, hour: int) -> Auctions:
    """Draw the auctions of the hour that begins ``hour`` hours after 1970, and their people."""
    drawn = [_draw_campaign(market, row, hour) for row in range(len(market.keys))]
    counts = np.array([len(one[0]) for one in drawn], np.int64)
    ends = np.cumsum(counts)
    value, price, lot, showings, buyers, wait, revenue = (
        np.concatenate(column) for column in zip(*drawn, strict=True)
    )
    shift = np.repeat(ends - counts, [len(one[4]) for one in drawn])
    owner = np.repeat(np.arange(len(counts)), counts)
    return Auctions(
        owner=owner,
        ends=ends,
        value=value,
        price=price,
        lot=lot,
        showings=showings,
        buyers=buyers + shift,
        wait=wait,
        revenue=revenue,
    )


def _draw_campaign(market: Market, row: int, hour: int) -> tuple[NDArray[np.generic], ...]:
    chance = generator(market.seed, market.keys[row], hour)
    week = hour_of_week(hour, market.timezones[row])
    unrest = chance.normal(-0.005, 0.1)
    count = chance.poisson(market.demand[row, week] * np.exp(unrest))
    value = np.exp(chance.normal(market.value_mean[row], market.value_sd[row], count))
    rivals = np.exp(chance.normal(market.price_mean[row], market.price_sd[row], count))
    price = np.maximum(rivals * market.competition[row, week], 1.0).astype(np.int64)
    lot = chance.random(count)
    showings = 1 + chance.poisson(1.0 / market.click_rate[row] - 1.0, count)
    buyers = np.flatnonzero(chance.random(count) < market.conversion_rate[row, week])
    delay = chance.exponential(market.delay[row], len(buyers))
    wait = np.maximum(delay - chance.random(len(buyers)), 0.0)
    orders = market.order_value[row] * np.exp(chance.normal(0.0, 0.4, len(buyers)))
    revenue = (orders / market.order_step[row]).astype(np.int64) * market.order_step[row]
    return value, price, lot, showings, buyers, wait, revenue


def expected_spend(market: Market) -> Floats:
    """Return the mean spend (B, 168) by local hour of the week of bidding the value everywhere.

    For a value V and a price P, both log-normal, E[P; P < V] is E[P] times the normal distribution
    function of ``(mean V - mean P - var P) / sqrt(var V + var P)``. Prices are cut to whole units
    when they are drawn, so this is above the truth by at most one unit an impression.
    """
    price_mean = market.price_mean[:, None] + np.log(market.competition)
    spread = np.sqrt(market.value_sd**2 + market.price_sd**2)[:, None]
    variance = (market.price_sd**2)[:, None]
    gap = (market.value_mean[:, None] - price_mean - variance) / spread
    per_auction = np.exp(price_mean + variance / 2) * _normal_cdf(gap)
    return np.asarray(market.demand * per_auction)


def mean_bids(market: Market) -> Floats:
    """Return the mean (B,) of what campaigns bid for a click at a multiplier of 1, units."""
    return np.asarray(np.exp(market.value_mean + market.value_sd**2 / 2))


def _normal_cdf(x: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.vectorize(erf)(x / np.sqrt(2.0))))
