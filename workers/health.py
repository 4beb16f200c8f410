"""Whether a worker is alive and ready, decided from what was seen; no clock, no Kafka."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSighting:
    """One owned partition of one source topic, as seen at one moment."""

    topic: str
    partition: int
    applied: int
    """The next offset to apply: everything before it is committed."""
    end: int
    """The offset after the last record that may be read."""

    @property
    def lane(self) -> tuple[str, int]:
        """Which lane it is."""
        return self.topic, self.partition


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An answer to a probe, with the reason when it is no."""

    ok: bool
    reason: str = ""


class Health:
    """Remembers since when each lane has stood still with records waiting.

    A consumer that silently stops after a rebalance or an outage of Kafka is what liveness is for:
    the process runs, the connection is there, and nothing moves.
    """

    def __init__(self, *, stall_seconds: float) -> None:
        self._limit = stall_seconds
        self._since: dict[tuple[str, int], tuple[int, float]] = {}
        self._stalled: dict[tuple[str, int], float] = {}
        self._seen_at: float | None = None

    def saw(self, sightings: Iterable[LaneSighting], *, now: float) -> None:
        """Take in all lanes of this worker at ``now``, in seconds of any steady clock.

        Time passes for a lane only between sightings: when Kafka cannot be asked, nothing is held
        against the worker, because a restart would not help.
        """
        before, self._since, self._stalled = self._since, {}, {}
        for sighting in sightings:
            applied, since = before.get(sighting.lane, (sighting.applied, now))
            moved = sighting.applied != applied or sighting.end <= sighting.applied
            self._since[sighting.lane] = (sighting.applied, now if moved else since)
            self._stalled[sighting.lane] = 0.0 if moved else now - since
        self._seen_at = now

    @property
    def suspects(self) -> set[tuple[str, int]]:
        """Lanes that have stood still for longer than half the limit: worth a closer look."""
        return {lane for lane, seconds in self._stalled.items() if seconds > self._limit / 2}

    def vouch(self, lane: tuple[str, int], *, now: float) -> None:
        """Note that nothing waits in ``lane``: only markers are behind what it applied."""
        if lane in self._since:
            self._since[lane] = (self._since[lane][0], now)
            self._stalled[lane] = 0.0

    def live(self) -> Verdict:
        """Tell whether a restart would help: a lane stands still although records wait."""
        for (topic, partition), seconds in sorted(self._stalled.items()):
            if seconds > self._limit:
                return Verdict(
                    ok=False,
                    reason=f"{topic}[{partition}] has records waiting and stood still for"
                    f" {seconds:.0f} s",
                )
        return Verdict(ok=True)

    def ready(self, *, now: float, hindrance: str = "") -> Verdict:
        """Tell whether the worker does its part; ``hindrance`` is what keeps it from it, if any."""
        if hindrance:
            return Verdict(ok=False, reason=hindrance)
        if self._seen_at is None or now - self._seen_at > self._limit:
            return Verdict(ok=False, reason="Kafka has not told the ends of its topics lately")
        return Verdict(ok=True)
