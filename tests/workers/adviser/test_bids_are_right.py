"""In a market whose rates are known: bids that are advised gain as often as is said of them."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from engine.arrays import Floats
from engine.bid_gains import ANSWER, price_between
from schemas import Recommendation
from tests.workers.adviser.bidders import NOW, bidder
from workers.adviser.bid_account import Account
from workers.adviser.bid_slices import Columns, delivered
from workers.adviser.bidding import advise_bids

COUNT = 300
HOUR, DEVICE, DAY = (each.ravel() for each in np.meshgrid(range(24), range(2), range(28)))


def campaign(chance: np.random.Generator) -> tuple[Columns, float]:
    """Return four weeks of a campaign of few clicks or many, and what a click of it is worth."""
    level = 0.03 * np.exp(0.5 * chance.standard_normal())
    rate = level * np.array([0.8, 1.3])[DEVICE] * np.exp(0.2 * np.cos(np.pi * (HOUR - 20) / 12.0))
    mean = np.exp(1.2 * chance.standard_normal()) * 40.0 / 48.0
    clicks = chance.poisson(mean, len(HOUR)).astype(np.float64)
    sold = chance.binomial(clicks.astype(np.int64), np.minimum(rate, 0.9))
    revenue = np.array([chance.exponential(60.0, each).sum() for each in sold.tolist()])
    found = Columns(
        names=[("a", "mobile", None), ("a", "desktop", None)],
        slice=DEVICE,
        hour=HOUR,
        age=24.0 * DAY + 23.0 - HOUR,
        share=np.ones(len(HOUR)),
        clicks=clicks,
        spend=0.4 * clicks,
        conversions=sold.astype(np.float64),
        revenue=revenue,
    )
    return found, float(clicks @ rate / max(clicks.sum(), 1.0)) * 60.0 / 4.0


def gains(advice: Recommendation, worth: Floats) -> bool:
    """Return whether a click is worth more than those between the bids, or for a cut less."""
    old, new = float(advice.current_value or 0), float(advice.recommended_value or 0)
    price = float(price_between(np.array([old]), np.array([new]), ANSWER)[0])
    return bool((worth[int(advice.campaign_id)] > price) == (new > old))


def test_a_confidence_is_how_often_such_advice_gains() -> None:
    chance = np.random.default_rng(7)
    found = [campaign(chance) for _ in range(COUNT)]
    worth = np.array([each for _, each in found])
    usual = float(np.median(worth))  # the bids in force say nothing of which campaign is better
    bids = np.maximum(np.round(usual * np.exp(0.4 * chance.standard_normal(COUNT)), 2), 0.01)
    bidders = [bidder(each, bid=str(Decimal(str(bid)))) for each, bid in enumerate(bids)]
    market = Account(
        bidders=tuple(bidders),
        delivered=delivered([each for each, _ in found]),
        now=NOW,
        model_version="pacekeeper/test",
    )
    made = advise_bids(market).recommendations
    told = np.array([each.confidence for each in made])
    gained = np.array([gains(each, worth) for each in made])

    assert 0.3 * COUNT < len(made) < 0.8 * COUNT
    for low, high in ((0.0, 0.9), (0.9, 1.01), (0.0, 1.01)):
        some = (told >= low) & (told < high)
        assert some.sum() > 30
        mean = float(told[some].mean())
        chances = 2.5 * np.sqrt(mean * (1.0 - mean) / some.sum())
        assert float(gained[some].mean()) == pytest.approx(mean, abs=chances)
