"""What figures are measured with is what users send."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aiokafka.partitioner import DefaultPartitioner

from benchmarks.load import Campaigns, hours
from schemas import Plan, decode, decode_metrics

START = datetime(2026, 3, 29, tzinfo=UTC)
CAMPAIGNS = Campaigns(count=250, partitions=4)


def test_every_hour_is_a_metrics_event_under_its_own_key() -> None:
    for message in CAMPAIGNS.hour(START):
        event = decode_metrics(message.value).event
        assert event.key == message.key
        assert event.window_start == START


def test_every_plan_is_a_plan_under_its_own_key() -> None:
    for message in CAMPAIGNS.plans():
        assert decode(message.value, Plan).key == message.key


def test_records_lie_where_every_kafka_client_would_put_them() -> None:
    partitioner, partitions = DefaultPartitioner(), list(range(CAMPAIGNS.partitions))
    for message in (*CAMPAIGNS.hour(START), *CAMPAIGNS.plans()):
        assert message.partition == partitioner(message.key, partitions, partitions)


def test_a_log_of_hours_names_each_campaign_once_an_hour() -> None:
    count = 3
    found = [
        (message.key, decode_metrics(message.value).event.window_start)
        for message in hours(CAMPAIGNS, START, count)
    ]
    wanted = {(key, START + timedelta(hours=n)) for n in range(count) for key in CAMPAIGNS.keys}
    assert len(found) == len(wanted)
    assert set(found) == wanted
