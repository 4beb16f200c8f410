"""What campaigns of an account teach each other, as a value that can be kept.

It is learned from all campaigns at once and changes slowly, so that a campaign can be advised on by
it without a look at the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from engine.arrays import Floats
from engine.conversion_rates import Taught, untaught
from engine.order_values import TaughtValue
from engine.rate_cells import HOURS
from engine.rate_factors import Spreads
from workers.adviser.bid_slices import Delivered

_SPREADS = ("ad_set", "device", "placement", "hour")


class Peers(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """`engine.conversion_rates.Taught` with the names of devices and placements, and values."""

    devices: tuple[str, ...]
    placements: tuple[str, ...]
    mean: float
    strength: float
    shared: tuple[float, ...]
    """By device, placement and hour, the unknown ones first."""
    unsure: tuple[float, ...]
    spreads: tuple[float, ...]
    """Of ad set, device, placement and hour."""
    values: dict[str, tuple[float, float]]
    """By currency, mean and strength of the value of a conversion."""


def packed(sold: Delivered, taught: Taught, values: Mapping[str, TaughtValue]) -> Peers:
    """Return what was taught by slices that name devices and placements."""
    return Peers(
        devices=sold.devices,
        placements=sold.placements,
        mean=taught.mean,
        strength=taught.strength,
        shared=tuple(taught.shared.ravel().tolist()),
        unsure=tuple(taught.unsure.ravel().tolist()),
        spreads=tuple(getattr(taught.spreads, each) for each in _SPREADS),
        values={each: (values[each].mean, values[each].strength) for each in sorted(values)},
    )


def rates_for(peers: Peers, sold: Delivered) -> Taught:
    """Return what peers taught, by the numbers of devices and placements that ``sold`` has.

    Of names that nobody has taught anything of there is no shared factor.
    """
    blank = untaught(sold.kinds)
    rows = _places(sold.devices, peers.devices)
    columns = _places(sold.placements, peers.placements)
    return Taught(
        mean=peers.mean,
        strength=peers.strength,
        shared=_moved(peers, peers.shared, blank.shared, (rows, columns)),
        unsure=_moved(peers, peers.unsure, blank.unsure, (rows, columns)),
        spreads=Spreads(**dict(zip(_SPREADS, peers.spreads, strict=True))),
    )


def _places(names: Sequence[str], known: Sequence[str]) -> list[tuple[int, int]]:
    """Return pairs of the place of a name here and among those known; the unknown one is first."""
    at = {name: number for number, name in enumerate(known, start=1)}
    return [(0, 0), *((i, at[name]) for i, name in enumerate(names, start=1) if name in at)]


def _moved(
    peers: Peers,
    values: tuple[float, ...],
    blank: Floats,
    places: tuple[list[tuple[int, int]], list[tuple[int, int]]],
) -> Floats:
    shape = len(peers.devices) + 1, len(peers.placements) + 1, HOURS
    table, moved = np.array(values).reshape(shape), blank.copy()
    (here, there), (across, along) = (np.array(each).T for each in places)
    moved[np.ix_(here, across)] = table[np.ix_(there, along)]
    return moved
