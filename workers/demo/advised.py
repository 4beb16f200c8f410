"""Waits until the adviser has said all that it has to say."""

from __future__ import annotations

import time

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import BREAKDOWNS, METRICS
from workers.demo.loop import Loop
from workers.demo.offsets import unread
from workers.errors import WorkerError
from workers.programs import create_program
from workers.settings import Settings
from workers.simulator.wire import Wire

PATIENCE_SECONDS = 60.0
"""How long the adviser may take for what it has still to read."""

_LOOK_SECONDS = 0.1


class AdviserStalledError(WorkerError):
    """The adviser runs, but does not come to the end of what it reads."""


async def hear_advice(
    loop: Loop, settings: Settings, line: Wire, admin: AIOKafkaAdminClient
) -> None:
    """Hear what people are advised on, once the adviser has read all metrics and closed days.

    Raises
    ------
    AdviserStalledError
        It takes longer than `PATIENCE_SECONDS` for either.
    """
    group = create_program("adviser", settings).name
    metrics = METRICS.full_name(settings.topics.prefix)
    wanted = {metrics: await line.ends(metrics)}
    for name in (metrics, BREAKDOWNS.full_name(settings.topics.prefix)):
        began = time.monotonic()
        # Closed days are told while metrics are read: they are all known once these have been.
        while behind := await unread(admin, group, name, wanted.get(name, loop.closed_to)):
            loop.hear(await line.hear(_LOOK_SECONDS))
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise AdviserStalledError(
                    f"the adviser still has {behind} records of {name} to read"
                )
        while not await line.caught_up():
            loop.hear(await line.hear(_LOOK_SECONDS))
