"""The workbench: one broker, one scratch directory, and what figures share."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar, cast

from benchmarks.cluster import Cluster

ResultT = TypeVar("ResultT")


@dataclass(slots=True, kw_only=True)
class Bench:
    """What every figure is given."""

    cluster: Cluster
    scratch: Path
    """Removed with all that is in it when the run ends."""
    data: Path
    """The broker's data directory: one sub-directory per partition."""
    cache: Path
    """Kept: what peers are built into."""
    _results: dict[str, Any] = field(default_factory=dict)
    _began: float = field(default_factory=monotonic)

    async def once(self, name: str, make: Callable[[], Awaitable[ResultT]]) -> ResultT:
        """Return what ``make`` gives; figures that share ``name`` share the one run of it."""
        if name not in self._results:
            self._results[name] = await make()
        return cast(ResultT, self._results[name])

    def say(self, text: str) -> None:
        """Tell the person who waits what is going on."""
        print(f"{monotonic() - self._began:6.0f} s  {text}", file=sys.stderr, flush=True)
