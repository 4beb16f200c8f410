"""Dead letters, read back: what was wrong with them, and the records that they were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from aiokafka.structs import ConsumerRecord

from schemas.codec import digest
from schemas.headers import DEAD_LETTER_PREFIX, REPLAYED
from schemas.topic import DLQ_SUFFIX
from workers.delivery.api import Header


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One record that could not be read."""

    record: ConsumerRecord
    facts: Mapping[str, str]
    """``topic``, ``partition``, ``offset``, ``reason``, ``field``, ``detail``, ``timestamp``."""

    @property
    def topic(self) -> str:
        """The topic that it was published to."""
        return self.facts.get("topic") or str(self.record.topic).removesuffix(DLQ_SUFFIX)

    @property
    def reason(self) -> str:
        """What was wrong, as a short code."""
        return self.facts.get("reason", "unknown")

    @property
    def value(self) -> bytes | None:
        """The original bytes."""
        return None if "null" in self.facts else self.record.value

    @property
    def cannot_be_replayed(self) -> str:
        """Why the record cannot be published again; empty when it can."""
        if "cut" in self.facts:
            return "too large to be kept whole: publish the originals from where they were"
        if self.record.key is None and self.value is None:
            return "neither key nor value, nothing to publish"
        return ""

    @property
    def headers(self) -> Sequence[Header]:
        """The original headers, and one that says where the letter was."""
        place = f"{self.record.topic}[{self.record.partition}]@{self.record.offset}".encode()
        ours = (DEAD_LETTER_PREFIX, REPLAYED)
        kept = [header for header in self.record.headers if not header[0].startswith(ours)]
        return [*kept, (REPLAYED, place)]

    @property
    def partition(self) -> int | None:
        """Where to publish it again: its key decides, or else where it was."""
        return None if self.record.key else int(self.facts.get("partition", "0"))

    @property
    def content(self) -> str:
        """The same for letters that were the same record of the same topic."""
        key, value = self.record.key or b"", self.record.value or b""
        return digest(b"%s\0%s\0%s" % (self.topic.encode(), key, value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """All letters of one topic for one reason."""

    topic: str
    reason: str
    count: int
    newest: datetime
    field: str
    detail: str
    """Of the newest one."""
    key: str
    """The beginning of the newest one's key."""
    sample: str
    """The beginning of the newest one's bytes."""


def as_letter(record: ConsumerRecord) -> Letter:
    """Read the facts from the headers of a record of a dead-letter topic."""
    facts = {
        name.removeprefix(DEAD_LETTER_PREFIX): value.decode(errors="replace")
        for name, value in record.headers
        if name.startswith(DEAD_LETTER_PREFIX)
    }
    return Letter(record=record, facts=facts)


class Piles:
    """Counts letters by topic and reason, and keeps no letter: there may be millions."""

    def __init__(self) -> None:
        """Start with none."""
        self._piles: dict[tuple[str, str], Pile] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, letter: Letter) -> None:
        """Put ``letter`` on its pile."""
        name = (letter.topic, letter.reason)
        self._counts[name] += 1
        known = self._piles.get(name)
        if known is None or known.newest < _time(letter):
            self._piles[name] = _pile(letter)

    def found(self) -> list[Pile]:
        """Return the piles, the largest first."""
        counted = (replace(pile, count=self._counts[name]) for name, pile in self._piles.items())
        return sorted(counted, key=lambda pile: (-pile.count, pile.topic))


def distinct(letters: Iterable[Letter]) -> list[Letter]:
    """Keep one letter of those that are the same record: one may have been replayed in vain."""
    return list({letter.content: letter for letter in letters}.values())


def _pile(newest: Letter) -> Pile:
    return Pile(
        topic=newest.topic,
        reason=newest.reason,
        count=1,
        newest=_time(newest),
        field=newest.facts.get("field", ""),
        detail=newest.facts.get("detail", ""),
        key=(newest.record.key or b"")[:200].decode(errors="replace"),
        sample=(newest.record.value or b"")[:200].decode(errors="replace"),
    )


def _time(letter: Letter) -> datetime:
    return datetime.fromtimestamp(letter.record.timestamp / 1000, tz=UTC)
