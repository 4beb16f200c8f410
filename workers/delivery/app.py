"""The factory that makes a Faust app of agents with pure steps."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from time import time
from typing import Any, cast

import faust
from faust.types import TP

from workers.delivery.api import Agent, Program, Ticks
from workers.delivery.chunks import Chunk, ChunkSchema
from workers.delivery.clients import Clients
from workers.delivery.contract import Contract, Observer
from workers.delivery.dead_letters import DeadLetterPolicy
from workers.delivery.errors import UnsupportedFaustError
from workers.delivery.lane import LaneLimits
from workers.delivery.ownership import Ownership
from workers.delivery.ticks import tick
from workers.delivery.transport import FAUST_VERSION, Consumer, Transport, table_manager
from workers.delivery_settings import DeliverySettings
from workers.kafka import Connection
from workers.settings import Settings

_LAG_SECONDS = 2.0


class DeliveryApp(faust.App):
    """A Faust app whose sources are read in chunks and applied by lanes."""

    ownership: Ownership

    def _new_transport(self) -> Transport:
        return Transport(
            self.conf.broker_consumer,
            self,
            sources=self.ownership.sources,
            before_revocation=self.ownership.hold,
        )

    async def on_stop(self) -> None:
        """Finish the steps in hand before Faust stops its services."""
        await self.ownership.close()
        await super().on_stop()


def create_app(
    program: Program, settings: Settings, connection: Connection, observer: Observer
) -> DeliveryApp:
    """Return an app that runs ``program``; nothing connects until it is started.

    Parameters
    ----------
    program
        What the app does; its source topics have ``settings.topics.partitions`` partitions each.
    settings
        The limits of delivery.
    connection
        How to reach Kafka.
    observer
        Told of each committed step.

    Raises
    ------
    UnsupportedFaustError
        Another version of Faust is installed than the one whose internals delivery builds on.
    """
    if faust.__version__ != FAUST_VERSION:
        raise UnsupportedFaustError(faust.__version__, FAUST_VERSION)
    contract = _contract(program, settings, connection, observer)
    ownership = Ownership(contract)

    app = DeliveryApp(
        program.name,
        TableManager=table_manager(ownership.assign),
        **_faust_options(contract, settings.delivery),
        **connection.faust_options(),
    )
    app.ownership = ownership
    for table in dict.fromkeys(agent.table for agent in program.agents):
        app.Table(table, key_type=bytes, value_type=bytes, partitions=contract.partitions)
    for agent in program.agents:
        _attach(app, agent)
    _report_lag(app, observer)
    if program.ticks:
        _write_ticks(app, contract.clients, program.ticks)
    return app


def _contract(
    program: Program, settings: Settings, connection: Connection, observer: Observer
) -> Contract:
    delivery = settings.delivery
    return Contract(
        program=program,
        partitions=settings.topics.partitions,
        clients=Clients(
            connection=connection.client_options(),
            transaction_timeout_seconds=delivery.transaction_timeout_seconds,
        ),
        observer=observer,
        limits=LaneLimits(
            step_records=delivery.max_step_records,
            backlog_records=delivery.max_backlog_records,
            step_interval_seconds=delivery.step_interval_seconds,
        ),
        dead_letters=DeadLetterPolicy(
            run=delivery.dead_letter_run,
            ratio=delivery.dead_letter_ratio,
            window=delivery.dead_letter_window_records,
        ),
    )


def _attach(app: DeliveryApp, agent: Agent) -> None:
    topic = app.topic(
        agent.source, schema=ChunkSchema(key_serializer="raw", value_serializer="raw")
    )

    async def hand_over(stream: Any) -> None:
        async for event in stream.events():
            await _offer(app, event.value)

    app.agent(topic, name=agent.name)(hand_over)


async def _offer(app: DeliveryApp, chunk: Chunk) -> None:
    consumer = cast(Consumer, app.consumer)
    lane = await app.ownership.offer(chunk, consumer.seek_back)
    tp = TP(chunk.topic, chunk.partition)
    if lane is not None and lane.is_full(partial(consumer.on_buffer_drop, tp)):
        consumer.on_buffer_full(tp)


def _report_lag(app: DeliveryApp, observer: Observer) -> None:
    async def report_lag() -> None:
        consumer = cast(Consumer, app.consumer)
        while not app.should_stop:
            await app.sleep(_LAG_SECONDS)
            observer.lags(await consumer.lags(list(app.ownership.lanes), time()))

    app.task(report_lag)


def _write_ticks(app: DeliveryApp, clients: Clients, ticks: Ticks) -> None:
    async def write_ticks() -> None:
        async with clients.clock() as producer:
            while not app.should_stop:
                await app.sleep(ticks.interval_seconds)
                await tick(producer, ticks, app.ownership.owned, time())

    app.task(write_ticks)


def _faust_options(contract: Contract, delivery: DeliverySettings) -> dict[str, Any]:
    return {
        # Faust lets variables such as STREAM_WAIT_EMPTY overrule these; settings are ours to read.
        "env": {},
        # Faust insists on a directory; nothing is kept there.
        "datadir": Path(tempfile.gettempdir()) / f"{contract.program.name}-faust",
        "store": "memory://",
        "web_enabled": False,
        "topic_partitions": contract.partitions,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        # A standby would open the active partition's producer, and fence it.
        "table_standby_replicas": 0,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": 16,  # in chunks; the lanes hold the backlog
        "consumer_auto_offset_reset": "earliest",
        "broker_session_timeout": delivery.session_timeout_seconds,
        "broker_heartbeat_interval": delivery.heartbeat_seconds,
        "broker_rebalance_timeout": delivery.rebalance_timeout_seconds,
        "broker_request_timeout": max(40.0, delivery.session_timeout_seconds + 5.0),
    }
