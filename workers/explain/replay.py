"""Takes a campaign's records through the optimizer's steps, in the order that is told.

A partition's topics are read side by side, so how they interleaved is nowhere written down; but the
published recommendations tell it. Each names its hour and its clock, by which the record that led
to it is found, and the offsets of the other topics that were known by then: so many of their
records are taken before it, and none beyond. Between two recommendations, and where none is left,
records are taken in the order in which Kafka stamped them, the other topics' first where stamps are
equal. How metrics were cut into steps makes no difference, and ticks need not be kept: one that
led to a hold is written again from that hold's clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas import Recommendation, SchemaError, decode
from schemas.topics import METRICS, RECOMMENDATIONS, TICKS
from workers.delivery.api import Output, Record, Step
from workers.explain.broadcasts import Broadcasts
from workers.explain.history import Entry, History, Published
from workers.explain.replica import Replica
from workers.explain.synthetic import tick_of
from workers.explain.waiting import Waiting
from workers.optimizer import tables
from workers.optimizer.policy import OptimizerPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """How far a replay came."""

    recomputed: bytes | None
    """The recommendation as the steps write it now; None where no record led to it."""
    replica: Replica
    """The tables after the step that wrote it."""
    cause: Record | None
    """The metrics record or tick that led to it."""
    applied: int
    """How many metrics records were taken."""
    differing: Sequence[str]
    """Ids of earlier recommendations that were published otherwise than recomputed."""
    missing: Sequence[str]
    """Ids of earlier recommendations that no record led to."""


@dataclass(slots=True, kw_only=True)
class Replay:
    """One replay of ``history`` up to its published recommendation ``target``."""

    policy: OptimizerPolicy
    history: History
    target: int
    replica: Replica = field(init=False)
    recomputed: bytes | None = None
    cause: Record | None = None
    _next: int = 0
    _applied: int = 0
    _differing: list[str] = field(default_factory=list)
    _missing: list[str] = field(default_factory=list)
    _waiting: Waiting = field(init=False)
    _broadcasts: Broadcasts = field(init=False)

    def __post_init__(self) -> None:
        """Begin with empty tables, and all but metrics and ticks waiting for its turn."""
        history = self.history
        self.replica = Replica(self.policy, history.partition, history.partitions)
        own = {self.policy.topic(METRICS), self.policy.topic(TICKS)}
        others = {name: list(log) for name, log in history.sources.items() if name not in own}
        told = history.published[: self.target + 1]
        self._waiting = Waiting(logs=others, told=told, take=self.replica.take)
        self._broadcasts = Broadcasts(self.policy, history)

    def run(self) -> Replayed:
        """Replay until the target was recomputed, or no record is left."""
        for entry in self.history.sources.get(self.policy.topic(METRICS), ()):
            self._silences(before=entry.record.offset)
            if self._next > self.target:
                break
            self._metrics(entry)
        self._pass(self.target + 1)
        return Replayed(
            recomputed=self.recomputed,
            replica=self.replica,
            cause=self.cause,
            applied=self._applied,
            differing=self._differing,
            missing=self._missing,
        )

    def _silences(self, *, before: int) -> None:
        """Take the ticks whose holds are next, and that knew no metrics record from ``before``."""
        while self._next <= self.target:
            published = self.history.published[self._next]
            seen = published.advice.inputs.get(self.policy.topic(METRICS), -1)
            if not published.by_tick or seen >= before:
                return
            self._silence(self._next)

    def _silence(self, number: int) -> None:
        published = self.history.published[number]
        tick = tick_of(self.policy, self.history.partition, published)
        self._waiting.catch_up(number)
        self._match(number, tick, self._closest(published, tick))

    def _pass(self, until: int) -> None:
        """Go on to published recommendation ``until``: no metrics record leads to those before."""
        for number in range(self._next, until):
            published = self.history.published[number]
            if published.by_tick:
                self._silence(number)
            elif number != self.target:
                self._missing.append(published.advice.recommendation_id)

    def _metrics(self, entry: Entry) -> None:
        """Take one metrics record, after what it must have been taken after."""
        self._waiting.before(entry, self._next)
        step = self.replica.step(entry.record)
        self._applied += 1
        made = self._made(step)
        number = None if made is None else self._position(made)
        if number is None:
            self.replica.commit(entry.record.topic, step)
            return
        published = self.history.published[number]
        # Mostly nothing waits and it is repeated at once; else it is taken anew after what waited.
        if self._value(step) != published.value:
            self._pass(number)
            self._waiting.catch_up(number)
            step = self._closest(published, entry.record)
        self._match(number, entry.record, step)

    def _match(self, number: int, record: Record, step: Step) -> None:
        """Keep a step that leads to published recommendation ``number``."""
        published = self.history.published[number]
        identity, value = published.advice.recommendation_id, self._value(step)
        self.replica.commit(record.topic, step)
        self._next = number + 1
        if number == self.target:
            self.recomputed, self.cause = value, record
        elif value is None:
            self._missing.append(identity)
        elif value != published.value:
            self._differing.append(identity)
        if value != published.value:
            ticks = record.topic == self.policy.topic(TICKS)
            agent = tables.TICKS if ticks else tables.METRICS
            self.replica.name_previous(agent, self.history.key, identity)

    def _closest(self, published: Published, record: Record) -> Step:
        """Return the step of ``record``, with broadcasts that repeat ``published`` if any do."""
        first: tuple[Mapping[str, Mapping[bytes, bytes]], Step] | None = None
        for told in self._broadcasts.seen(published):
            self.replica.tell(told)
            step = self.replica.step(record)
            if self._value(step) == published.value:
                return step
            first = first or (told, step)
            if self._hopeless(published, step) and not self._broadcasts.change_states:
                break
        if first is None:
            return self.replica.step(record)
        self.replica.tell(first[0])
        return first[1]

    def _hopeless(self, published: Published, step: Step) -> bool:
        """Return whether a step differs from ``published`` whatever the broadcast topics said."""
        state = (published.advice.state_digest or "").encode()
        other_code = published.advice.model_version != self.policy.model_version
        value = self._value(step)
        # No hold of a silence may be the doing of a freeze that was not told yet.
        return other_code or (value is not None and state not in value)

    def _position(self, made: Recommendation) -> int | None:
        """Return which published recommendation is of the same hour and clock, if any is."""
        for number in range(self._next, self.target + 1):
            advice = self.history.published[number].advice
            if (advice.hour, advice.decided_at) == (made.hour, made.decided_at):
                return number
        return None

    def _made(self, step: Step) -> Recommendation | None:
        try:
            value = self._value(step)
            return None if value is None else decode(value, Recommendation)
        except SchemaError:
            return None

    def _value(self, step: Step) -> bytes | None:
        """Return the recommendation of the campaign that a step publishes."""
        name = self.policy.topic(RECOMMENDATIONS)
        found = [
            output.value
            for output in step.outputs
            if output.topic == name and output.key == self.history.key and _names_a_state(output)
        ]
        return found[-1] if found else None


def _names_a_state(output: Output) -> bool:
    """Return whether a recommendation is of an hour: a tick's advice to pause names no state."""
    return b'"state_digest":' in (output.value or b"")
