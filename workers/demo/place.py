"""What a demo shows, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workers.demo.screen import Screen
from workers.kafka import Connection
from workers.settings import Settings
from workers.simulator.population import World
from workers.supervisor import Child

if TYPE_CHECKING:  # what it takes is installed only where somebody wants it
    from workers.demo.platforms import Platforms

_DAY = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is to be shown."""

    world: World
    live_from: int
    """First live hour, in hours since 1970; the last one lies in the past, too."""
    history_hours: int = 14 * _DAY
    live_hours: int = 2 * _DAY

    @property
    def live_until(self) -> int:
        """The hour after the last live one."""
        return self.live_from + self.live_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the demo takes place."""

    settings: Settings
    connection: Connection
    screen: Screen
    workers: Sequence[Child]
    report: Path | None = None
    """Where a page about it goes, if one is wanted."""
    platforms: Platforms | None = None
    """What the executor acts on; None where it simulates."""
