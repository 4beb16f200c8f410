"""What is the same for every partition of an app, and who is told what happened."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from workers.delivery.api import Program, Step
from workers.delivery.clients import Clients
from workers.delivery.dead_letters import DeadLetterPolicy
from workers.delivery.lag import Lag
from workers.delivery.lane import LaneLimits

JOURNAL = "journal"
"""The name of the table that keeps the head of the journal's chain."""


class Observer(Protocol):
    """What delivery tells whoever counts: each call is after the fact."""

    def step_committed(self, agent: str, records: int, seconds: float, step: Step) -> None:
        """Note a committed ``step`` of ``records`` records, ``seconds`` from start to commit."""

    def loaded(self, agent: str, partition: int, seconds: float, records: int) -> None:
        """Note that the table of ``agent`` was read back from ``records`` changelog records."""

    def lags(self, lags: Sequence[Lag]) -> None:
        """Note how far each lane of this process is behind the end of its topic, now and then."""

    def dead_letter(self, topic: str, reason: str) -> None:
        """Note that a record of ``topic`` was put aside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is the same for all partitions of one app."""

    program: Program
    partitions: int
    """How many partitions each source topic has."""
    clients: Clients
    observer: Observer
    limits: LaneLimits = field(default_factory=LaneLimits)
    dead_letters: DeadLetterPolicy = field(default_factory=DeadLetterPolicy)
    aside: Executor = field(default_factory=lambda: ThreadPoolExecutor(max_workers=1))
    """Where steps that may take seconds are reckoned: one at a time, whichever partition's."""

    def changelog(self, table: str) -> str:
        """Return the name of the changelog topic of ``table``."""
        return changelog_topic(self.program.name, table)

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the names of all tables: those of the agents, and the journal's head."""
        return table_names(self.program)


def table_names(program: Program) -> tuple[str, ...]:
    """Return the names of the tables of ``program``: those of its agents, the journal's head."""
    journal = (JOURNAL,) if program.journal else ()
    return (*dict.fromkeys(agent.table for agent in program.agents), *journal)


def changelog_topic(program: str, table: str) -> str:
    """Return the name of the changelog topic of one of the tables of ``program``."""
    return f"{program}-{table}-changelog"
