"""An executor that kills itself at each step of the live loop, and is started anew each time.

``python -m tests.faults.mortal_executor DIRECTORY MANNER executor ...``: each death is a line in
the directory's `DEATHS`. Everything else is the worker that
``pacekeeper executor`` runs, only that it waits less before it concludes what became of a call,
and makes one change at a time of an account. Each life is a copy of a process that has all modules
loaded already.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from tests.faults.moments import COMMIT, LOOP, instrument

DEATHS: Final = "deaths"
PLATFORMS: Final = ("google", "linkedin", "meta", "webhook")
STOP: Final = "before fitted.Fitted.validate 1 self._connector.validate"
"""Before the last question whether the partition is still ours, which is asked before the call."""
_EVEN: Final = 2
"""By how many deaths one platform may be ahead of another."""
_DOUBTS_EVERY: Final = 7


class Manner(StrEnum):
    """At which steps to die."""

    EACH_ONCE = "each_once"
    """At each moment once, on whatever platform, evenly."""
    EVERYWHERE = "everywhere"
    """At each moment once for each platform."""
    STANDS_STILL = "stands_still"
    """Not at all, but to stand still at `STOP`, once for each platform, until told to go on."""
    LIVES_ON = "lives_on"


@dataclass
class Fate:
    """What deaths there were, and whether the next one is due."""

    directory: Path
    manner: Manner
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Moment and platform of each death."""
    deaths: Counter[str] = field(default_factory=Counter)

    def remember(self) -> None:
        """Read of all deaths."""
        for line in (self.directory / DEATHS).read_text().splitlines():
            moments, platform = json.loads(line)
            self.seen.update((moment, platform) for moment in moments)
            self.deaths[platform] += 1

    def come(self, moments: list[str], platform: str) -> None:
        """Die, if that is due at this step."""
        if not self._is_due(moments, platform):
            return
        with (self.directory / DEATHS).open("a") as deaths:
            deaths.write(json.dumps((moments, platform)) + "\n")
        still = self.manner is Manner.STANDS_STILL
        os.kill(os.getpid(), signal.SIGSTOP if still else signal.SIGKILL)

    def _is_due(self, moments: list[str], platform: str) -> bool:
        if self.manner in {Manner.LIVES_ON, Manner.STANDS_STILL}:
            at = STOP in moments and (STOP, platform) not in self.seen
            return at and self.manner is Manner.STANDS_STILL
        if not platform:
            # Lanes commit by the same functions as couriers: their deaths are proven elsewhere.
            moments = [one for one in moments if " courier." in one or " couriers." in one]
            return any((moment, "") not in self.seen for moment in moments)
        if self.manner is Manner.EVERYWHERE:
            return any((moment, platform) not in self.seen for moment in moments)
        known = {moment for moment, _ in self.seen}
        ahead = self.deaths[platform] - min(self.deaths[each] for each in PLATFORMS)
        return ahead < _EVEN and not known.issuperset(moments)


def hurry() -> None:
    """Let the loop wait less, and prove more often that a partition is its own."""
    couriers: Any = import_module("workers.executor.couriers")
    courier: Any = import_module("workers.executor.live.courier")
    policy: Any = import_module("workers.executor.live.policy")
    partition: Any = import_module("workers.delivery.partition")
    couriers.LEASE = 0.8
    quick = policy.Patience(late_by=0.2, verify_every=0.1, first_wait=0.1)
    couriers.Patience = lambda: quick
    courier.Courier.__init__.__kwdefaults__["per_account"] = 1
    partition.Partition.is_ours = doubting(partition.Partition.is_ours)


def load_clients() -> None:
    """Load all modules that connectors load when they are built, which takes seconds.

    A process of its own builds them: what they begin, such as threads, no copy would inherit whole.
    """
    reading, writing = os.pipe()
    if os.fork() == 0:
        settings: Any = import_module("workers.connectors.settings")
        building: Any = import_module("workers.connectors.building")
        file = Path(os.environ["PACEKEEPER_EXECUTOR_PLATFORMS"])
        for name, told in settings.read_platforms(file).items():
            building.build(name, told)
        os.write(writing, json.dumps(list(sys.modules)).encode() + b"\n")
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as told:
        for name in json.loads(told.readline()):
            if name.partition(".")[0] in _CLIENTS:
                import_module(name)
    os.wait()
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "a thread would be missing in every copy"


def doubting(is_ours: Callable[..., Any]) -> Callable[..., Any]:
    """Return the question with, now and then, the answer of a Kafka that takes its time."""
    asked = 0

    async def answer(*args: object) -> bool:
        nonlocal asked
        asked += 1
        return asked % _DOUBTS_EVERY != 0 and await is_ours(*args)

    return answer


_CLIENTS: Final = frozenset({"facebook_business", "google", "grpc", "proto", "workers"})
"""Packages that take long to load."""


def live(fate: Fate) -> None:
    """Be the worker, until the end."""
    fate.remember()
    import_module("workers.cli.main").app(prog_name="pacekeeper")


def outlive(fate: Fate) -> None:
    """Start one life after the other, until killed with the whole group of processes."""
    while True:
        child = os.fork()
        if child == 0:
            live(fate)
        os.waitpid(child, 0)


def main() -> None:
    """Load all that a life needs, then live and die."""
    directory, manner = Path(sys.argv.pop(1)), Manner(sys.argv.pop(1))
    (directory / DEATHS).touch()
    fate = Fate(directory, manner)
    instrument(fate.come)
    for module in (*LOOP, *COMMIT, "workers.cli.worker", "workers.executor.program"):
        import_module(module)
    load_clients()
    hurry()
    outlive(fate)


if __name__ == "__main__":
    main()
