"""What campaigns teach each other is kept as a value, and tells as much as they would."""

from __future__ import annotations

import msgspec
import numpy as np

from engine.conversion_rates import untaught
from engine.rate_cells import Kinds
from tests.workers.adviser.bidders import account, bidder, evidence, sold
from workers.adviser.bid_lessons import peers_of
from workers.adviser.bid_peers import Peers, rates_for
from workers.adviser.bid_slices import Sold, columns, delivered
from workers.adviser.bidding import advise_bids


def of_campaign(campaign: int, clicks: float = 40.0) -> list[Sold]:
    phones = sold(campaign, "a", kind=("mobile", "top"), rate=0.02, clicks=clicks)
    return phones + sold(campaign, "a", kind=("desktop", "rest"), rate=0.06, clicks=clicks)


MANY = [row for each in range(1, 6) for row in of_campaign(each)]
FEW = of_campaign(0, clicks=1.0)
PEERS = peers_of(account([bidder(each) for each in range(6)], FEW + MANY))


def test_a_campaign_by_itself_is_advised_by_peers_as_it_is_beside_them() -> None:
    beside = account([bidder(each, bid="0.20") for each in range(6)], FEW + MANY)
    alone = account([bidder(0, bid="0.20")], FEW)
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(PEERS), type=Peers)

    assert kept == PEERS
    found = advise_bids(alone, peers=kept).recommendations
    assert found == advise_bids(beside, [0]).recommendations
    assert len(found) == 1


def test_peers_say_what_own_clicks_do_not() -> None:
    """One click of a desktop: peers' desktops convert three times as often as phones."""
    one = of_campaign(0, clicks=0.02)
    rates = []
    for known in (None, PEERS):
        found = advise_bids(account([bidder(0, bid="0.01")], one), peers=known).recommendations
        rates.append(float(evidence(found[0])["rate"]))
    assert abs(np.log(rates[1] / 0.04)) < 0.1 < abs(np.log(rates[0] / 0.04))


def test_names_that_nobody_taught_have_no_shared_factor_and_others_keep_theirs() -> None:
    rows = sold(0, kind=("tv", "top")) + sold(0, kind=("mobile", "other"))
    here = delivered(columns(1, rows))
    moved = rates_for(PEERS, here)
    known = np.array(PEERS.shared).reshape(3, 3, 24)
    blank = untaught(Kinds(campaigns=1, devices=2, placements=2))

    assert (here.devices, here.placements) == (("mobile", "tv"), ("other", "top"))
    assert (PEERS.devices, PEERS.placements) == (("desktop", "mobile"), ("rest", "top"))
    assert (moved.shared[1, 2] == known[2, 2]).all()  # mobile, top
    assert (moved.shared[0, 0] == known[0, 0]).all()  # neither is known
    assert (moved.shared[2] == 0.0).all()  # a device that nobody has taught anything of
    assert (moved.unsure[2] == blank.unsure[2]).all()
    assert (moved.shared[1, 1] == 0.0).all()


def test_an_account_without_a_click_teaches_what_is_assumed() -> None:
    nothing = peers_of(account([bidder(0)], []))
    assert rates_for(nothing, delivered([])).mean == untaught(delivered([]).kinds).mean
    assert advise_bids(account([bidder(0)], []), peers=nothing).recommendations == ()
