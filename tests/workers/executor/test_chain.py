"""Laws of the chain: sealed as the schema says, in whatever portions, from whatever head."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import orjson
from hypothesis import given
from hypothesis import strategies as st

from schemas.audit import GENESIS, AuditEntry, AuditStatus, Mode, hash_of
from schemas.audit import seal as seal_as_specified
from schemas.codec import canonical_bytes, encode
from tests.workers.executor.world import at
from workers.delivery.api import Output
from workers.executor.chain import seal

amounts = st.none() | st.decimals(-(10**9), 10**9, places=6)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
entries = st.builds(
    AuditEntry,
    platform=st.sampled_from(["google", "métá"]),
    account_id=st.just("7"),
    campaign_id=st.just("42"),
    partition=st.integers(0, 7),
    at=st.just(at(0)),
    status=st.sampled_from(AuditStatus),
    mode=st.sampled_from(Mode),
    detail=texts,
    actor=texts.filter(bool),
    entity_id=st.just("42"),
    field=st.just("hourly_budget"),
    expected=amounts,
    after=amounts,
    latency_seconds=amounts,
    versions=st.dictionaries(texts, st.integers(0, 2**53) | texts, max_size=3),
)


def as_outputs(some: list[AuditEntry]) -> list[Output]:
    return [Output("audit", entry.key, encode(entry), timestamp=5) for entry in some]


@given(st.lists(entries, min_size=1, max_size=4))
def test_entries_are_sealed_as_the_schema_specifies(some: list[AuditEntry]) -> None:
    _, sealed = seal(None, as_outputs(some))

    previous = GENESIS
    for number, (entry, output) in enumerate(zip(some, sealed, strict=True)):
        expected = seal_as_specified(
            entry, partition=entry.partition, sequence=number, previous_hash=previous
        )
        assert output.value == canonical_bytes(expected)
        previous = expected.hash


@given(st.lists(entries, max_size=6), st.integers(0, 6))
def test_a_chain_goes_on_from_its_stored_head_as_if_it_had_not_been_interrupted(
    some: list[AuditEntry], cut: int
) -> None:
    outputs = as_outputs(some)
    whole_head, whole = seal(None, outputs)
    head, first = seal(None, outputs[:cut])
    head, second = seal(head, outputs[cut:])

    assert [*first, *second] == list(whole)
    assert head == whole_head


def test_an_entry_that_carries_a_seal_already_is_sealed_anew() -> None:
    entry = AuditEntry(
        platform="google",
        account_id="7",
        campaign_id="42",
        at=at(0),
        status=AuditStatus.SIMULATED,
        mode=Mode.SIMULATE,
        actor="x",
        entity_id="42",
        field="bid",
        after=Decimal(1),
    )
    forged = seal_as_specified(entry, partition=0, sequence=7, previous_hash="f" * 64)
    _, plain = seal(None, as_outputs([entry, entry]))
    _, sealed = seal(None, as_outputs([entry, forged]))

    assert sealed == plain


def test_only_the_value_of_an_output_is_touched() -> None:
    output = Output("audit", b"k", b'{"a":1}', 3, (("h", b"1"),), 99)
    _, (sealed,) = seal(None, [output])

    assert (sealed.topic, sealed.key, sealed.partition, sealed.headers, sealed.timestamp) == (
        output.topic,
        output.key,
        output.partition,
        output.headers,
        output.timestamp,
    )


def test_equal_entries_have_different_hashes() -> None:
    _, sealed = seal(None, [Output("audit", b"k", b'{"a":1}')] * 3)
    values = [output.value or b"" for output in sealed]

    assert len({hash_of(value) for value in values}) == 3
    for before, after in pairwise(map(orjson.loads, values)):
        assert after["previous_hash"] == before["hash"]


def test_nothing_to_seal_leaves_the_head_as_it_was() -> None:
    assert seal(None, []) == (None, [])
    assert seal(b'[4,"ab"]', []) == (b'[4,"ab"]', [])
