"""What the pacer knows of a campaign between its hours: one small row of bytes.

The covariance is symmetric, so its upper triangle is kept, in single precision: it says how far
the means may be moved, and seven digits of that are plenty. What was read is packed to the same
bytes again, so a replay comes to the same state however often it is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from engine.arrays import Rows
from engine.formats import Formats
from engine.pacer import Pacing
from engine.response import SIZE, USUAL, Response
from engine.rough import Rough, smooth

_FIRST: Final = np.dtype(
    [
        ("format", "u1"),
        ("capped", "u1"),
        ("cell", "<i2"),
        ("silent", "<u4"),
        ("heard", "<u4"),
        ("anchor", "<f8"),
        ("mean", "<f8", (29,)),
        ("covariance", "<f4", (435,)),
    ]
)
"""One campaign, 1,992 bytes: what `engine.pacer.Pacing` and `engine.response.Response` say of
it. ``cell`` is -1 before the first hour; ``covariance`` is the upper triangle, row by row."""

_SECOND: Final = np.dtype([*_FIRST.descr, ("miss", "<f8"), ("money", "<f8"), ("hours", "<f8")])
"""The same, 2,016 bytes, and what `engine.rough.Rough` says of it."""


def _smooth(rows: Rows) -> Rows:
    """Return rows of the first format with nothing known of how rough campaigns are."""
    after = np.empty(len(rows), dtype=_SECOND)
    for name in _FIRST.names or ():
        after[name] = rows[name]
    rough = smooth(rows["mean"][:, USUAL])
    after["miss"], after["money"], after["hours"] = rough.miss, rough.money, rough.hours
    return after


FORMATS: Final = Formats(what="pacing", layouts=(_FIRST, _SECOND), upgrades=(_smooth,))

_UPPER: Final = np.triu_indices(SIZE)


def _places() -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return where in the upper triangle each entry of the matrix is, (29, 29)."""
    places = np.zeros((SIZE, SIZE), dtype=np.int64)
    places[_UPPER] = np.arange(len(_UPPER[0]))
    return np.maximum(places, places.T)


_PLACES: Final = _places()

_MIRRORED: Final = (_UPPER[0] * SIZE + _UPPER[1])[_PLACES]
"""Where in the flattened matrix each entry's twin of the upper triangle is, (29, 29)."""


def pack(pacing: Pacing) -> list[bytes]:
    """Return what is known of each of B campaigns as bytes."""
    response = pacing.response
    rows = np.empty(len(pacing.cells), dtype=FORMATS.layouts[-1])
    rows["format"] = FORMATS.newest
    rows["capped"], rows["cell"] = pacing.capped, pacing.cells
    rows["silent"], rows["heard"] = pacing.silent, pacing.heard
    # Which sign a zero has depends on the others of a batch; the bytes must not.
    rows["anchor"], rows["mean"] = response.anchor + 0.0, response.mean + 0.0
    rough = response.rough
    rows["miss"], rows["money"], rows["hours"] = rough.miss, rough.money, rough.hours
    rows["covariance"] = response.covariance[:, *_UPPER] + 0.0
    block, size = rows.tobytes(), rows.dtype.itemsize
    return [block[at : at + size] for at in range(0, len(block), size)]


def rounded(pacing: Pacing) -> Pacing:
    """Return what a campaign would be known by if it were packed and unpacked."""
    response = pacing.response
    flat = response.covariance.reshape(len(pacing.cells), _MIRRORED.size)
    stored = flat.take(_MIRRORED, axis=1).astype(np.float32).astype(np.float64)
    return replace(pacing, response=replace(response, covariance=stored))


def unpack(values: Sequence[bytes], fresh: Pacing) -> Pacing:
    """Return what is known of B campaigns; an empty value is a campaign before its first hour.

    Parameters
    ----------
    fresh
        The B campaigns as `engine.pacer.start` returns them; those with a value are not looked at.

    Raises
    ------
    UnknownFormat
        When a value was written by a later version.
    """
    if not all(values):
        values = [value or blank for value, blank in zip(values, pack(fresh), strict=True)]
    rows = FORMATS.read(values)
    covariance = rows["covariance"][:, _PLACES].astype(np.float64)
    mean, anchor = rows["mean"].astype(np.float64), rows["anchor"].astype(np.float64)
    rough = Rough(**{name: rows[name].astype(np.float64) for name in ("miss", "money", "hours")})
    return Pacing(
        response=Response(mean=mean, covariance=covariance, anchor=anchor, rough=rough),
        cells=rows["cell"].astype(np.int64),
        silent=rows["silent"].astype(np.int64),
        heard=rows["heard"].astype(np.int64),
        capped=rows["capped"] > 0,
    )
