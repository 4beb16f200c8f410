"""Where a campaign's log comes from: the topics, or a report as a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import CampaignKey, Plan, SchemaError, decode, parse_campaign_key
from schemas.topics import AUDIT, METRICS, PLANS
from workers.delivery.api import Record
from workers.delivery.loading import read_to_end
from workers.errors import UsageError
from workers.explain.history import Entry
from workers.explain.reading import key_of, read_logs
from workers.explain.synthetic import Made
from workers.importer.convert import Published
from workers.importer.run import Request, reading
from workers.importer.tally import RefusedRows, Tally
from workers.instants import to_ms
from workers.kafka import Connection
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader
from workers.status.choosing import named
from workers.whatif.gathering import Gathered, audit_entries, gathered

_HOUR_MS = 3_600_000


async def from_topics(connection: Connection, prefix: str, campaign: str) -> Gathered:
    """Return a campaign by what its topics keep.

    Parameters
    ----------
    campaign
        Its key, or as much of the key's end as tells it from the others that have reported.

    Raises
    ------
    UsageError
        ``campaign`` names none, or several.
    WorkerError
        No report of it can be used.
    """
    names = [topic.full_name(prefix) for topic in (METRICS, PLANS, AUDIT)]
    every = await partitions_of(connection, names)
    reports = [tp for tp in every if tp.topic == names[0]]

    def mine(record: ConsumerRecord) -> bool:
        return key_of(record) == key

    async with reader(connection) as consumer:
        key = _as_key(campaign) or bytes(named(await _reported(consumer, reports), campaign))
        home = partition_of(key, len(reports))
        logs = await read_logs(consumer, [tp for tp in every if tp.partition == home], mine)
    metrics, plans, audit = (logs[name] for name in names)
    return gathered(
        key,
        _latest(plans),
        [_at_home(entry.record, names[0]) for entry in metrics],
        audit_entries(entry.record for entry in audit),
        live=True,
    )


def _as_key(text: str) -> bytes | None:
    """Return ``text`` as the key that it is; None where it is a part of one."""
    try:
        return bytes(parse_campaign_key(text.encode()))
    except SchemaError:
        return None


async def _reported(
    consumer: AIOKafkaConsumer, reports: Sequence[TopicPartition]
) -> set[CampaignKey]:
    """Return all campaigns that have reported an hour."""
    keys = set()
    async for _, records in read_to_end(consumer, reports):
        keys |= {key_of(record) for record in records}
    names = (_as_key(key.decode(errors="replace")) for key in keys if key)
    return {parse_campaign_key(name) for name in names if name}


def _latest(log: Sequence[Entry]) -> Plan | None:
    """Return the plan of the highest version since the last deletion."""
    found: Plan | None = None
    for entry in log:
        try:
            plan = decode(entry.record.value, Plan) if entry.record.value else None
        except SchemaError:
            continue
        if plan is None or found is None or plan.version > found.version:
            found = plan
    return found


def _at_home(record: Record, topic: str) -> Made:
    return Made(topic, 0, record.timestamp, record.key, record.value, record.offset)


def from_file(
    path: Path, campaign: str, *, map_name: str = "", constants: dict[str, str] | None = None
) -> Gathered:
    """Return a campaign by its rows in a report.

    Raises
    ------
    UsageError
        The file cannot be read, no map fits it, or the campaign is not in it.
    WorkerError
        No row of it can be used.
    """
    with TemporaryDirectory() as directory:
        request = Request(
            path=path,
            map_name=map_name,
            constants=constants or {},
            refused_path=Path(directory, "refused.csv"),
        )
        rows, others = _rows(request, campaign)
    if not rows:
        some = ", ".join(sorted(others)[:5]) or "none at all"
        raise UsageError(f"campaign {campaign} is not in {path}", remedy=f"it has {some}")
    keys = {row.key for row in rows}
    if len(keys) > 1:
        named = ", ".join(sorted(key.decode() for key in keys))
        raise UsageError(f"{campaign} stands for several campaigns in {path}", remedy=named)
    name = METRICS.full_name()
    # A file tells hours long after: each is taken as told an hour after its end.
    records = [
        Made(name, 0, to_ms(row.event.window_start) + 2 * _HOUR_MS, row.key, row.value)
        for row in rows
    ]
    return gathered(rows[0].key, None, records, [], live=False)


def _rows(request: Request, campaign: str) -> tuple[list[Published], set[str]]:
    found: list[Published] = []
    others: set[str] = set()
    with reading(request) as source, RefusedRows(request.refused_path, ()) as refused:
        for _, rows in source.chunks(Tally(), refused):
            for row in rows:
                if campaign in {row.key.decode(), row.event.campaign_id}:
                    found.append(row)
                else:
                    others.add(row.key.decode())
    return sorted(found, key=lambda row: row.event.window_start), others
