"""What the executor is held to: how long it waits, and how much it keeps in mind."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from schemas.audit import Mode
from schemas.topic import DEFAULT_PREFIX, Topic
from workers.executor.platforms import KnownPlatforms

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorPolicy:
    """How one executor works; the same for all of its partitions."""

    prefix: str = DEFAULT_PREFIX
    """First part of every topic's name."""
    mode: Mode = Mode.SIMULATE
    platforms: KnownPlatforms = field(default_factory=KnownPlatforms)
    """Whose accounts may be changed, in mode live."""
    simulated_time: bool = False
    """Whether time is what ticks tell, whatever the machine's clock shows; in mode live."""
    remembered: int = 64
    """Ids kept per campaign of actions, of recommendations and of decisions, each: repeats of
    these are known. Those that expire first are forgotten
    first, and from then on nothing that expires as early is acted on: it could be a repeat."""
    patience: timedelta = timedelta(minutes=10)
    """How long a decision waits for the recommendation that it names, and what policy has released
    for a plan that is not known."""
    undo_within: timedelta = timedelta(hours=1)
    """How long a roll-back, a pause or a resumption that a person decides may take to its
    execution."""
    clock_tolerance: timedelta = timedelta(minutes=5)
    """How far a tick, or a person's decision, may be ahead of its record's timestamp and still
    be believed, and how long before its ``valid_from`` an action may have its effect."""
    return_within: timedelta = timedelta(days=6)
    """How long after its time a step back may still be carried out: where ticks, the executor or a
    freeze stood in its way."""
    ahead: timedelta = timedelta(days=1)
    """How long an action may wait until it is valid."""
    approvers: tuple[str, ...] = ()
    """Names of people who may approve; anyone may where there are none."""
    longest: timedelta = timedelta(days=7)
    """How long after its record's timestamp an action or a recommendation may expire. Ids are kept
    in mind until then; were there no end to it, a few of them would shut out all others."""

    def __post_init__(self) -> None:
        if self.remembered < 1:
            raise ValueError(f"remembered must be at least 1, was {self.remembered}")
        if min(self.patience, self.undo_within) <= timedelta():
            raise ValueError("patience and undo_within must be longer than nothing")
        if self.undo_within > self.longest:
            raise ValueError("undo_within must be within what is the longest that is accepted")

    def topic(self, topic: Topic) -> str:
        """Return the topic's full name."""
        return topic.full_name(self.prefix)

    def too_long(self, expires: int, at: int) -> bool:
        """Return whether what is said ``at`` a time expires too long after it, in milliseconds."""
        return expires - at > self.longest // _MILLISECOND

    def matters_until(self, expires: int, at: int) -> int:
        """Return how long to keep an id in mind; what lasts too long is refused at once."""
        return at if self.too_long(expires, at) else expires

    @property
    def ahead_ms(self) -> int:
        """``ahead`` in milliseconds."""
        return self.ahead // _MILLISECOND

    @property
    def return_within_ms(self) -> int:
        """``return_within`` in milliseconds."""
        return self.return_within // _MILLISECOND

    @property
    def undo_within_ms(self) -> int:
        """``undo_within`` in milliseconds."""
        return self.undo_within // _MILLISECOND

    @property
    def patience_ms(self) -> int:
        """``patience`` in milliseconds."""
        return self.patience // _MILLISECOND

    @property
    def clock_tolerance_ms(self) -> int:
        """``clock_tolerance`` in milliseconds."""
        return self.clock_tolerance // _MILLISECOND
