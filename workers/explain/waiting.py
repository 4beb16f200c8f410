"""Records of plans, audit and the like that wait for their turn between metrics records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workers.delivery.api import Record
from workers.explain.history import Entry, Published


@dataclass(slots=True, kw_only=True)
class Waiting:
    """Gives records their turn, by what published recommendations knew of them."""

    logs: Mapping[str, list[Entry]]
    """What waits, by topic, in the order of offsets."""
    told: Sequence[Published]
    """The recommendations that are to be repeated."""
    take: Callable[[Record], object]
    """Called with each record in its turn."""
    _holding: set[str] = field(default_factory=set)
    """Topics whose last record was no deletion."""

    def before(self, entry: Entry, following: int) -> None:
        """Take what was written by the time of ``entry``, none beyond what is named.

        ``following`` is the position of the next recommendation that was published.
        """
        for topic in self.logs:
            for waiting in self._within(topic, self._limit(topic, following)):
                if waiting.written > entry.written:
                    break
                self._take(topic)

    def catch_up(self, number: int) -> None:
        """Take all that published recommendation ``number`` says was known."""
        for topic in self.logs:
            for _ in self._within(topic, self._known_by(topic, number)):
                self._take(topic)

    def _within(self, topic: str, limit: int | None) -> Iterator[Entry]:
        """Yield the next record that waits, as long as its offset is within ``limit``."""
        log = self.logs[topic]
        while log and (limit is None or log[0].record.offset <= limit):
            yield log[0]

    def _take(self, topic: str) -> None:
        record = self.logs[topic].pop(0).record
        self.take(record)
        if record.value is None:
            self._holding.discard(topic)
        else:
            self._holding.add(topic)

    def _known_by(self, topic: str, number: int) -> int:
        """Return the last offset that a recommendation knew of, -1 for none that waits.

        One that names none, though something was known before, knew that it had been deleted.
        """
        named = self.told[number].advice.inputs.get(topic)
        if named is not None:
            return named
        deleted = self._deleted(topic, number)
        return deleted[0] if deleted and topic in self._holding else -1

    def _limit(self, topic: str, following: int) -> int | None:
        """Return the last offset that the next recommendation knew of; None where none follows.

        One that names none knew of no plan: of none at all, or of one that was deleted.
        """
        if following >= len(self.told):
            return None
        named = self.told[following].advice.inputs.get(topic)
        if named is not None:
            return named
        return max(self._deleted(topic, following), default=-1)

    def _deleted(self, topic: str, number: int) -> list[int]:
        """Return the offsets that delete something, and that a recommendation may have known of."""
        later = (each.advice.inputs for each in self.told[number:])
        beyond = next((inputs[topic] for inputs in later if topic in inputs), None)
        return [
            waiting.record.offset
            for waiting in self.logs[topic]
            if waiting.record.value is None
            and waiting.written <= self.told[number].entry.written
            and (beyond is None or waiting.record.offset < beyond)
        ]
