"""What the pacer knows survives being stored, hour after hour and version after version."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pacer, pacing_state, response
from engine.arrays import Floats, Rows
from engine.day_shapes import DayShapes, no_days, pooled
from engine.errors import UnknownFormat
from engine.formats import Formats
from engine.pacer import Pacing
from engine.response import Observed

GOLDEN = Path(__file__).with_name("pacing_state_1.hex")
"""Two campaigns as format 1 was written: `lived(2, 30, seed=7)`, a value a line."""

SECOND = Path(__file__).with_name("pacing_state_2.hex")
"""The same as format 2 was written."""

MOST_BYTES = 2_048


def shapes_for(count: int) -> DayShapes:
    """Return what is assumed where nobody has taught anything."""
    one = pooled(no_days())
    return DayShapes(
        mean=np.repeat(one.mean, count, axis=0), covariance=np.repeat(one.covariance, count, axis=0)
    )


def started(count: int) -> Pacing:
    """Return campaigns that are expected to spend 100 in a mean hour."""
    return pacer.start(shapes_for(count), np.full(count, 100.0), np.zeros(count))


def stored(pacing: Pacing) -> Pacing:
    """Return what comes back from the store."""
    return pacing_state.unpack(pacing_state.pack(pacing), started(len(pacing.cells)))


def hour(number: int, chance: np.random.Generator, count: int) -> Observed:
    """Return an hour of a market with an evening peak; some are silent, cut off, unheard."""
    multiplier = chance.normal(0.0, 0.3, count)
    size = 4.6 + np.cos((number % 24 - 19) * np.pi / 12) + 1.3 * multiplier
    odd = chance.integers(0, 20, count)
    return Observed(
        cells=np.full(count, number % 168),
        log_multiplier=multiplier,
        spend=np.where(odd == 0, 0.0, np.exp(size + chance.normal(0.0, 0.2, count))),
        impressions=chance.integers(1, 1_000, count).astype(np.float64),
        capped=odd == 1,
        usable=odd != 2,
    )


def lived(count: int, hours: int, seed: int, *, stores: bool = False) -> Pacing:
    """Return campaigns after some hours, stored after each where ``stores``."""
    chance, shapes = np.random.default_rng(seed), shapes_for(count)
    pacing = started(count)
    for number in range(hours):
        pacing = pacer.learn_hour(pacing, shapes, hour(number, chance, count))
        pacing = stored(pacing) if stores else pacing
    return pacing


def multipliers(pacing: Pacing) -> Floats:
    """Return what is decided for the rest of a day."""
    count = len(pacing.cells)
    cells = np.tile(np.arange(12, 24), (count, 1))
    now = (np.zeros(count), np.zeros(count, dtype=np.int64))
    return pacer.decide(
        pacing, shapes_for(count), cells, np.full(count, 2_000.0), now
    ).log_multiplier


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 60), st.integers(0, 2**32))
def test_what_was_read_is_packed_to_the_same_bytes(hours: int, seed: int) -> None:
    first = pacing_state.pack(lived(3, hours, seed))

    assert pacing_state.pack(pacing_state.unpack(first, started(3))) == first
    assert max(len(value) for value in first) <= MOST_BYTES


def test_what_is_stored_is_what_was_known() -> None:
    known = lived(200, 50, seed=1)
    back = stored(known)

    for name in ("cells", "silent", "heard", "capped"):
        assert np.array_equal(getattr(back, name), getattr(known, name))
        assert getattr(back, name).dtype == getattr(known, name).dtype
    assert np.array_equal(back.response.mean, known.response.mean)
    assert np.array_equal(back.response.anchor, known.response.anchor)
    single = known.response.covariance.astype(np.float32)
    assert np.allclose(back.response.covariance, single, rtol=3e-7, atol=1e-12)
    assert known.silent.any()
    assert known.capped.any()


def test_a_campaign_without_a_value_is_one_before_its_first_hour() -> None:
    known = pacing_state.pack(lived(3, 9, seed=2))
    some = pacing_state.unpack([known[0], b"", known[2]], started(3))

    assert pacing_state.pack(some) == [known[0], pacing_state.pack(started(3))[1], known[2]]
    assert pacing_state.unpack([b"", b""], started(2)).cells.tolist() == [-1, -1]
    assert pacing_state.unpack([], started(0)).response.covariance.shape == (0, 29, 29)


def test_a_decision_hardly_differs_where_every_hour_was_stored() -> None:
    kept, through = lived(30, 24 * 14, seed=3), lived(30, 24 * 14, seed=3, stores=True)

    assert np.abs(multipliers(kept) - multipliers(through)).max() < 1e-4
    assert np.ptp(multipliers(kept)) > 0.01


def test_a_hundred_thousand_stored_campaign_hours_leave_plausible_numbers() -> None:
    known = lived(100, 1_000, seed=4, stores=True).response

    assert np.array_equal(known.covariance, np.swapaxes(known.covariance, 1, 2))
    assert np.diagonal(known.covariance, axis1=1, axis2=2).min() >= 0.0
    assert np.linalg.eigvalsh(known.covariance).min() > -1e-7
    hours = np.arange(24)
    sizes = [response.expected(known, np.full(100, at), np.zeros(100)) for at in hours]
    today = np.array(sizes).T - known.mean[:, response.DEVIATION, None]
    away = today - 4.6 - np.cos((hours - 19) * np.pi / 12)
    # A level is known as well as the deviation of the last hours lets it be.
    assert np.abs(away.mean(axis=0)).max() < 0.05
    assert np.abs(away).max() < 0.5


def golden(path: Path = GOLDEN) -> list[bytes]:
    """Return the values that a format was written as, the first one by itself."""
    return [bytes.fromhex(line) for line in path.read_text(encoding="ascii").split()]


def test_what_the_first_format_wrote_is_still_read() -> None:
    """Against the bytes, number by number, as the standard library reads them."""
    read = pacing_state.unpack(golden(), started(2))

    assert [value[0] for value in pacing_state.pack(read)] == [2, 2]
    assert [value[1:1_992] for value in pacing_state.pack(read)] == [each[1:] for each in golden()]
    for at, value in enumerate(golden()):
        number, capped, cell, silent, heard, anchor = struct.unpack_from("<BBhIId", value)
        assert (number, cell) == (1, 29)
        known = read.cells, read.capped, read.silent, read.heard, read.response.anchor
        assert [each[at] for each in known] == [cell, capped, silent, heard, anchor]
        assert 20 < heard <= 30
        assert read.response.mean[at].tolist() == list(struct.unpack_from("<29d", value, 20))
        upper = iter(struct.unpack_from("<435f", value, 20 + 29 * 8))
        for row in range(29):
            for column in range(row, 29):
                there = read.response.covariance[at]
                assert there[row, column] == there[column, row] == next(upper)


def test_of_a_campaign_of_the_first_format_nothing_rough_is_known() -> None:
    """Its usual level, the last of its 29 numbers, is what its days are taken to bring."""
    read = pacing_state.unpack(golden(), started(2)).response.rough

    usual = [struct.unpack_from("<d", value, 20 + 28 * 8)[0] for value in golden()]
    assert read.miss.tolist() == [0.0, 0.0]
    assert np.log(read.money / read.hours) == pytest.approx(usual)


def test_what_the_second_format_wrote_is_still_read() -> None:
    read = pacing_state.unpack(golden(SECOND), started(2))

    assert pacing_state.pack(read) == golden(SECOND)
    rough = read.response.rough
    for at, value in enumerate(golden(SECOND)):
        assert (value[0], len(value)) == (2, 2_016)
        known = [float(each[at]) for each in (rough.miss, rough.money, rough.hours)]
        assert known == list(struct.unpack_from("<3d", value, 1_992))
        assert known[0] > 0.0


def test_a_format_1_value_is_read_once_there_is_a_format_2() -> None:
    """A second format that says when a campaign was last capped and holds the mean by half."""
    first = pacing_state.FORMATS.layouts[0]
    second = np.dtype([("format", "u1"), ("capped_at", "<i8"), ("mean", "<f4", (29,))])

    def to_second(rows: Rows) -> Rows:
        after = np.zeros(len(rows), dtype=second)
        after["capped_at"] = np.where(rows["capped"] > 0, rows["cell"], -1)
        after["mean"] = rows["mean"]
        return after

    formats = Formats(what="pacing", layouts=(first, second), upgrades=(to_second,))
    newer = np.zeros(1, dtype=second)
    newer["format"], newer["capped_at"] = 2, 5
    old = golden()

    rows = formats.read([old[0], newer.tobytes(), old[1]])

    assert rows["format"].tolist() == [2, 2, 2]
    assert rows["capped_at"][1] == 5
    known = pacing_state.unpack(old, started(2)).response.mean
    assert np.array_equal(rows["mean"][[0, 2]], known.astype(np.float32))


def test_a_value_of_a_later_version_is_refused_by_number() -> None:
    later = b"\x04" + golden()[0][1:]
    with pytest.raises(UnknownFormat, match="a stored pacing has format 4, this version reads 2"):
        pacing_state.unpack([golden()[0], later], started(2))
