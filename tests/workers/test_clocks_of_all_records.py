"""Whatever a record says of the time, no worker ends by it, and none is told of what cannot be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from schemas import decode
from tests.schemas.golden import FILES, record_type
from tests.workers.stored import Stored
from workers.adviser.program import create_program as adviser
from workers.allocator.program import create_program as allocator
from workers.delivery.api import Program, store
from workers.executor.program import create_program as executor
from workers.optimizer.program import create_program as optimizer
from workers.scorer.program import create_program as scorer
from workers.settings import Settings

WORKERS: Final = {
    "optimizer": optimizer,
    "allocator": allocator,
    "adviser": adviser,
    "executor": executor,
    "scorer": scorer,
}

YEARS: Final = 1, 1969, 1970, 2000, 2099, 2100, 9999
_TIME: Final = re.compile(r"\d{4}(-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?)$")
_WRITTEN: Final = datetime(2026, 6, 1, tzinfo=UTC)
"""When Kafka had all records: after what the stored ones tell of."""


@dataclass
class Worker:
    """One worker's only partition, with the records that were stored as its broadcasts."""

    program: Program
    broadcasts: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    tables: dict[str, dict[bytes, bytes]] = field(default_factory=dict)
    partition: int = 0
    partitions: int = 1
    offset: int = 0

    def table(self, agent: str) -> Mapping[bytes, bytes]:
        return self.tables.setdefault(agent, {})

    def broadcast(self, topic: str) -> Mapping[bytes, bytes]:
        return self.broadcasts.get(topic, {})

    def take(self, name: str, key: bytes, value: bytes, written: int) -> None:
        """Let all who read a topic take a record of it."""
        topic = f"pacekeeper.{name}"
        if topic in self.program.broadcasts:
            self.broadcasts.setdefault(topic, {})[key] = value
        for agent in self.program.agents:
            if agent.source == topic:
                self.offset += 1
                step = agent.step(self, [Stored(topic, self.offset, written, key, value)])
                store(self.tables.setdefault(agent.table, {}), step.writes)


def _times(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401
    """Yield the places of times and days in a record."""
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in inside:
            yield from _times(each, (*at, name))
    elif isinstance(value, str) and _TIME.match(value):
        yield at


def _moved(said: dict[str, Any], places: list[tuple[Any, ...]], year: int) -> bytes:
    """Return a record whose times at some places are of another year."""
    changed = json.loads(json.dumps(said))
    for *way, last in places:
        inner = changed
        for name in way:
            inner = inner[name]
        inner[last] = f"{year:04}" + inner[last][4:]
    return json.dumps(changed).encode()


def _forms(file: Path) -> Iterator[bytes]:
    said = json.loads(file.read_bytes())
    places = list(_times(said))
    for year in YEARS:
        yield from (_moved(said, [each], year) for each in places)
        yield _moved(said, places, year)


def _key(file: Path) -> bytes:
    record: Any = decode(file.read_bytes(), record_type(file))
    return record.key or b""


def _timestamps() -> list[int]:
    ahead = _WRITTEN + timedelta(days=365 * 60)
    return [int(each.timestamp() * 1_000) for each in (_WRITTEN, ahead)] + [0]


@pytest.mark.parametrize("written", _timestamps())
@pytest.mark.parametrize("name", WORKERS)
def test_no_worker_ends_by_what_a_record_says_of_the_time(name: str, written: int) -> None:
    """Every stored record as it is; then, with each of its times in another year, and all again."""
    worker = Worker(WORKERS[name](Settings()))
    stored = [(file, file.stem.split("-", 1)[0], _key(file)) for file in FILES]
    for file, topic, key in stored:
        worker.take(topic, key, file.read_bytes(), int(_WRITTEN.timestamp() * 1_000))
    for file, topic, key in stored:
        for value in _forms(file):
            worker.take(topic, key, value, written)
    for file, topic, key in stored:
        worker.take(topic, key, file.read_bytes(), int(_WRITTEN.timestamp() * 1_000))
