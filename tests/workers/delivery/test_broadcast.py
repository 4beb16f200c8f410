"""What every worker reads whole: of each key what its own partition says, whatever others hold."""

from __future__ import annotations

import pytest
from aiokafka import ConsumerRecord

from tests.workers.stored import Stored
from workers.delivery.broadcast import originals
from workers.partitioner import partition_of

KEYS = [b"spring", b"autumn", b"summer", b"winter"]


def record(key: bytes | None, partition: int) -> ConsumerRecord:
    return Stored("groups", 0, 0, key, b"{}", partition=partition)


def test_a_copy_in_another_partition_does_not_take_the_place_of_its_original() -> None:
    kept = [
        (one.key, partition)
        for partition in range(3)
        for one in originals([record(key, partition) for key in KEYS], partition, 3)
    ]
    assert sorted(kept) == sorted((key, partition_of(key, 3)) for key in KEYS)


def test_a_record_that_names_nothing_is_passed_over() -> None:
    assert originals([record(None, 0)], 0, 1) == []


@pytest.mark.parametrize("key", KEYS)
def test_of_a_topic_with_one_partition_all_is_taken(key: bytes) -> None:
    assert len(originals([record(key, 0)], 0, 1)) == 1
