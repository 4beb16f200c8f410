"""A changelog, replayed, is the table."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.workers.delivery.build import record
from workers.delivery.loading import replay

keys = st.sampled_from([b"a", b"b", b"c"])
changes = st.lists(st.tuples(keys, st.none() | st.binary(max_size=3)))


@given(changes, st.integers(0, 20))
def test_the_last_value_of_each_key_is_left_and_deleted_keys_are_not(
    written: list[tuple[bytes, bytes | None]], cut: int
) -> None:
    log = [record(at, key=key, value=value) for at, (key, value) in enumerate(written)]
    table: dict[bytes, bytes] = {}

    replay(table, log[:cut])
    replay(table, log[cut:])

    latest = {key: next(v for k, v in reversed(written) if k == key) for key, _ in written}
    assert table == {key: value for key, value in latest.items() if value is not None}


@given(changes)
def test_a_changelog_that_compaction_has_thinned_gives_the_same_table(
    written: list[tuple[bytes, bytes | None]],
) -> None:
    log = [record(at, key=key, value=value) for at, (key, value) in enumerate(written)]
    newest = {each.key: each.offset for each in log}
    thinned = [each for each in log if each.offset == newest[each.key]]
    whole: dict[bytes, bytes] = {}
    rest: dict[bytes, bytes] = {}

    replay(whole, log)
    replay(rest, thinned)

    assert whole == rest


def test_an_empty_value_is_a_value() -> None:
    table: dict[bytes, bytes] = {}

    replay(table, [record(0, key=b"a", value=b"")])

    assert table == {b"a": b""}
