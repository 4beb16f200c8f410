"""Reads what a recommendation of an adviser was made from."""

from __future__ import annotations

from aiokafka import ConsumerRecord, TopicPartition

from schemas import Recommendation, decode
from schemas.topics import BREAKDOWNS, PRIORS
from workers.adviser.archive import KEPT_DAYS
from workers.adviser.policy import AdviserPolicy
from workers.errors import UsageError
from workers.explain.advice import account_of, advised_again
from workers.explain.gone import Again, deleted, since
from workers.explain.reading import read_logs
from workers.kafka import Connection
from workers.partitioner import partition_of
from workers.reading import partitions_of, reader


async def advised_from_topics(
    connection: Connection, policy: AdviserPolicy, record: ConsumerRecord
) -> Again:
    """Return an adviser's recommendation as the account's closed days lead to it now.

    Raises
    ------
    UsageError
        What it was made from is not kept any more.
    """
    advice = decode(record.value, Recommendation)
    days, priors = policy.topic(BREAKDOWNS), policy.topic(PRIORS)
    account = account_of(advice)
    every = await partitions_of(connection, [days, priors])
    count = sum(each.topic == days for each in every)
    home = partition_of(account, count)
    async with reader(connection) as consumer:
        wanted = [each for each in every if each.topic == priors or each.partition == home]
        logs = await read_logs(
            consumer, wanted, lambda told: told.topic == priors or told.key == account
        )
        gone = await deleted(consumer, TopicPartition(days, home), since(record, advice, KEPT_DAYS))
    records = [entry.record for name in (priors, days) for entry in logs[name]]
    made = advised_again(policy, advice, records, (home, count))
    if made is None:
        raise UsageError(
            f"what is kept of {account.decode()} leads to no recommendation "
            f"{advice.recommendation_id}",
            remedy="; ".join(gone) or "closed days are kept for 90 days",
        )
    return Again(made, gone)
