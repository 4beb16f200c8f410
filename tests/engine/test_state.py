"""A campaign's row of bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import state
from engine.errors import UnknownFormat


def test_a_campaign_that_nothing_is_known_of_has_no_hour_and_no_money() -> None:
    rows = state.unpack([b"", b""])
    assert rows.tobytes() == state.new_campaigns(2).tobytes()
    assert not state.has_hours(rows).any()
    assert [rows[name].any() for name in ("day", "week", "month", "flight", "total")] == [False] * 5
    assert rows["days"].tolist() == [0, 0]


@given(st.lists(st.binary(min_size=40, max_size=40), max_size=5))
def test_what_was_packed_is_unpacked_to_the_same_bytes(noise: list[bytes]) -> None:
    rows = state.new_campaigns(len(noise))
    rows["total_counts"] = [np.frombuffer(each, dtype="<i8")[:3] for each in noise] or 0
    rows["newest"] = 7
    values = state.pack(rows)
    assert [len(value) for value in values] == [state.CAMPAIGN.itemsize] * len(noise)
    again = state.unpack(values)
    assert again.tobytes() == rows.tobytes()
    assert state.has_hours(again).all()
    assert again.flags.writeable


def test_a_campaign_that_another_version_wrote_is_refused_by_number() -> None:
    rows = state.new_campaigns(2)
    rows["format"][1] = 4
    with pytest.raises(UnknownFormat, match="a stored campaign has format 4, this version reads 1"):
        state.unpack(state.pack(rows))


@pytest.mark.parametrize(
    ("account", "plan", "zone"),
    [
        (b"", b"", b"UTC"),
        (b"Asia/Kolkata", b"", b"Asia/Kolkata"),
        (b"", b"Europe/Berlin", b"Europe/Berlin"),
        (b"Asia/Kolkata", b"Europe/Berlin", b"Europe/Berlin"),
    ],
)
def test_days_follow_the_plan_then_the_account_then_utc(
    account: bytes, plan: bytes, zone: bytes
) -> None:
    rows = state.new_campaigns(1)
    rows["account_zone"] = account
    assert state.zone_names(rows, np.array([plan], dtype="S34")).tolist() == [zone]


@given(st.sets(st.integers(0, 63)), st.integers(10_000, 30_000))
def test_bits_stand_for_the_days_before_the_newest(ages: set[int], newest: int) -> None:
    bits = sum(1 << age for age in ages)
    assert state.kept_days(bits, newest) == sorted(newest - age for age in ages)
