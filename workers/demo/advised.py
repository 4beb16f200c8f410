"""Waits until adviser and allocator have said all that they have to say."""

from __future__ import annotations

import time

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import BREAKDOWNS, METRICS, PORTFOLIO
from workers.demo.loop import Loop
from workers.demo.offsets import unread
from workers.errors import WorkerError
from workers.programs import create_program
from workers.settings import Settings
from workers.simulator.wire import Wire

PATIENCE_SECONDS = 60.0
"""How long one of them may take for what it has still to read."""

_LOOK_SECONDS = 0.1


class AdviserStalledError(WorkerError):
    """A worker runs, but does not come to the end of what it reads."""


async def hear_advice(
    loop: Loop, settings: Settings, line: Wire, admin: AIOKafkaAdminClient
) -> None:
    """Hear what people are advised on, once adviser and allocator have read all that is told.

    Raises
    ------
    AdviserStalledError
        It takes longer than `PATIENCE_SECONDS` for one of them.
    """
    metrics = METRICS.full_name(settings.topics.prefix)
    ends = await line.ends(metrics)
    for worker, topic in (("adviser", METRICS), ("allocator", PORTFOLIO), ("adviser", BREAKDOWNS)):
        name = topic.full_name(settings.topics.prefix)
        group, began = create_program(worker, settings).name, time.monotonic()
        # Closed days are told while metrics are read: they are all known once these have been.
        while behind := await unread(
            admin, group, name, ends if name == metrics else loop.closed_to.get(topic.name, {})
        ):
            loop.hear(await line.hear(_LOOK_SECONDS))
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise AdviserStalledError(
                    f"the {worker} still has {behind} records of {name} to read"
                )
        while not await line.caught_up():
            loop.hear(await line.hear(_LOOK_SECONDS))
