"""A long take-over of partitions is told as what it is, not as a task that hangs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from time import monotonic

from faust.types import TP
from mode.utils.logging import current_flight_recorder

_log = logging.getLogger("pacekeeper")
"""Not this module's: what delivery logs is heard from warnings on."""


@asynccontextmanager
async def told_of(taken: Iterable[TP]) -> AsyncIterator[None]:
    """Tell, as often as Faust would call it hung, that the block still takes ``taken`` over.

    Faust watches over rebalances, and after 95 % of a session warns of the task at hand: "Task
    timed out!". Tables may well take longer to read, while heartbeats go on. So its watch rests for
    the block, and begins anew behind it: what hangs in Faust itself is warned of as ever.
    """
    watch = current_flight_recorder()
    if watch is None:
        yield
        return
    watch.cancel()
    telling = asyncio.create_task(_tell(taken, watch.timeout), name="telling of a take-over")
    try:
        yield
    finally:
        telling.cancel()
        watch.activate()


async def _tell(taken: Iterable[TP], seconds: float) -> None:
    started = monotonic()
    partitions = sorted({tp.partition for tp in taken})
    while True:
        await asyncio.sleep(seconds)
        _log.info(
            "taking over partitions, still reading tables",
            extra={"partitions": partitions, "seconds": round(monotonic() - started, 1)},
        )
