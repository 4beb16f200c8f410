"""The job of the delivery figure does the same in one batch, and one event at a time."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.load import Campaigns, hours
from benchmarks.peers.jobs import OUTPUT_BYTES, STATE_BYTES, TOTALS, add_hours
from benchmarks.peers.one_event import Event, Tables

START = datetime(2026, 3, 29, tzinfo=UTC)
HOURS = 3
RECORDS = [
    Event("metrics", 0, offset, message.timestamp, message.key, message.value)
    for offset, message in enumerate(hours(Campaigns(count=5, partitions=1), START, HOURS))
]


def one_by_one() -> tuple[dict[bytes, bytes], list[bytes | None]]:
    table: dict[bytes, bytes] = {}
    outputs = []
    for record in RECORDS:
        step = add_hours("out", Tables(0, 1, {"totals": table}), [record])
        table.update((k, v) for k, v in step.writes.items() if v is not None)
        outputs += [out.value for out in step.outputs]
    return table, outputs


def test_one_batch_ends_where_single_events_end() -> None:
    table, outputs = one_by_one()
    step = add_hours("out", Tables(0, 1, {"totals": {}}), RECORDS)
    assert step.writes == table
    assert [out.value for out in step.outputs] == outputs


def test_states_and_outputs_have_the_sizes_that_the_figure_names() -> None:
    table, outputs = one_by_one()
    assert {len(state) for state in table.values()} == {STATE_BYTES}
    assert {len(value) for value in outputs if value is not None} == {OUTPUT_BYTES}


def test_a_state_counts_the_hours_of_its_campaign() -> None:
    table, _ = one_by_one()
    assert {TOTALS.unpack_from(state)[0] for state in table.values()} == {HOURS}
