"""Waits for what the workers have still to read, to decide or to settle."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import AUDIT, PLANS
from workers.demo.children import last_words
from workers.demo.loop import Loop
from workers.demo.offsets import unread
from workers.demo.place import Place
from workers.errors import WorkerError
from workers.programs import create_program
from workers.simulator.records import start_of
from workers.simulator.wire import Wire

PATIENCE_SECONDS = 60.0
"""How long the loop may be silent about something that is due before the demo gives up."""

_LOOK_SECONDS = 0.1
_WORTH_TELLING_SECONDS = 1.0


class LoopStalledError(WorkerError):
    """The workers run, but what is due does not come."""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Hears what is said, until nothing is missing."""

    loop: Loop
    place: Place
    line: Wire
    admin: AIOKafkaAdminClient

    async def until_decided(self, hour: int | None, planned_to: Mapping[int, int]) -> None:
        """Wait until ``hour`` is decided for every campaign, and what was released is settled.

        An hour of the market takes a blink, so it is also waited for that the optimizer has read
        what is in force now; in a real hour it has read it long before it decides again. Without an
        ``hour`` that, and the plans up to ``planned_to`` by partition, is all.

        Raises
        ------
        LoopStalledError
            Nothing was heard for `PATIENCE_SECONDS`.
        """
        began = heard_at = time.monotonic()
        while missing := self._missing(hour) or await self._unread(planned_to):
            if time.monotonic() - began > _WORTH_TELLING_SECONDS:
                self.place.screen.progress(f"waiting for {missing}")
            heard = await self.line.hear(_LOOK_SECONDS)
            self.loop.hear(heard)
            if heard:
                began = heard_at = time.monotonic()
            elif time.monotonic() - heard_at > PATIENCE_SECONDS:
                raise LoopStalledError(
                    f"nothing came for {PATIENCE_SECONDS:.0f} s while waiting for {missing}; "
                    f"what the workers said last:\n{last_words(self.place.workers)}"
                )

    def _missing(self, hour: int | None) -> str:
        return "" if hour is None else self.loop.missing(start_of(hour))

    async def _unread(self, planned_to: Mapping[int, int]) -> str:
        settings = self.place.settings
        group = create_program("optimizer", settings).name
        for topic, wanted in ((PLANS, planned_to), (AUDIT, self.loop.audited_to)):
            name = topic.full_name(settings.topics.prefix)
            if behind := await unread(self.admin, group, name, wanted):
                return f"the optimizer to read {behind} records of {topic.name}"
        return ""
