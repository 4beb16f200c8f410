"""Which stretch of a log is looked at: by offsets of a topic, or by the hours themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from workers.errors import UsageError

_FORMS: Final = (
    "an offset such as 1200, a day such as 2026-03-02 or a time such as 2026-03-02T08:00Z"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From one bound, included, to another, excluded; None where it is open."""

    first_offset: int | None = None
    """In every partition."""
    end_offset: int | None = None
    first: datetime | None = None
    """The start of the first hour, UTC."""
    end: datetime | None = None

    def has(self, hour: datetime) -> bool:
        """Return whether the hour that starts then lies in the stretch."""
        return (self.first is None or hour >= self.first) and (self.end is None or hour < self.end)


def span_of(begin: str | None, end: str | None, *, offsets: bool) -> Span:
    """Read bounds from the command line.

    Parameters
    ----------
    offsets
        Whether the log has offsets: a file has none.

    Raises
    ------
    UsageError
        A bound is no offset and no time, or nothing lies between them.
    """
    bounds = {}
    for option, text, names in (
        ("--from", begin, ("first_offset", "first")),
        ("--to", end, ("end_offset", "end")),
    ):
        if text is not None:
            value = _bound(option, text, offsets=offsets)
            bounds[names[isinstance(value, datetime)]] = value
    span = Span(**bounds)  # type: ignore[arg-type]  # each name has its own type above
    _refuse_nothing(span, begin, end)
    return span


def _bound(option: str, text: str, *, offsets: bool) -> int | datetime:
    if text.isdecimal():
        if offsets:
            return int(text)
        raise UsageError(f"{option} {text}: a file has no offsets", remedy="give a day or a time")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: no such bound", remedy=f"give {_FORMS}") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def _refuse_nothing(span: Span, begin: str | None, end: str | None) -> None:
    pairs = (span.first_offset, span.end_offset), (span.first, span.end)
    for low, high in pairs:
        if low is not None and high is not None and low >= high:  # type: ignore[operator]
            raise UsageError(
                f"--from {begin} --to {end}: nothing lies between them",
                remedy="--to is the first that is not looked at any more",
            )
