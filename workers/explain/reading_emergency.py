"""Reads what an emergency's recommendation was made from."""

from __future__ import annotations

from aiokafka import ConsumerRecord, TopicPartition

from schemas import Recommendation, decode
from schemas.topics import AUDIT, METRICS, PLANS
from workers.adviser.policy import AdviserPolicy
from workers.adviser.pulse_learning import KEPT_DAYS
from workers.errors import UsageError
from workers.explain.emergency import BROADCASTS, answered_again
from workers.explain.gone import Again, deleted, since
from workers.explain.reading import key_of, read_logs
from workers.kafka import Connection
from workers.reading import partitions_of, reader


async def answered_from_topics(
    connection: Connection, policy: AdviserPolicy, record: ConsumerRecord
) -> Again:
    """Return an emergency's recommendation as the campaign's hours lead to it now.

    Raises
    ------
    UsageError
        What it was made from is not kept any more.
    """
    advice = decode(record.value, Recommendation)
    own = [policy.topic(each) for each in (METRICS, PLANS, AUDIT)]
    told = [policy.topic(each) for each in BROADCASTS]
    every = await partitions_of(connection, [*own, *told])
    count = sum(each.topic == own[0] for each in every)
    async with reader(connection) as consumer:
        wanted = [tp for tp in every if tp.topic in told or tp.partition == record.partition]
        logs = await read_logs(
            consumer, wanted, lambda each: each.topic in told or key_of(each) == advice.key
        )
        hours = TopicPartition(own[0], record.partition)
        gone = await deleted(consumer, hours, since(record, advice, KEPT_DAYS))
    records = [entry.record for name in (*told, *own) for entry in logs[name]]
    made = answered_again(policy, advice, records, (record.partition, count))
    if made is None:
        raise UsageError(
            f"what is kept of {advice.key.decode()} leads to no recommendation "
            f"{advice.recommendation_id}",
            remedy="; ".join(gone)
            or "hours are kept for 90 days unless you set another time, and two weeks before the "
            "recommendation are needed",
        )
    return Again(made, gone)
