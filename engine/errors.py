"""What the engine refuses to compute, and why."""

from __future__ import annotations


class EngineError(ValueError):
    """An argument breaks what a function of the engine needs."""


class UnknownFormat(EngineError):
    """A stored value was written in a format that this version cannot read."""

    def __init__(self, what: str, *, found: int, known: int) -> None:
        super().__init__(
            f"a stored {what} has format {found}, this version reads {known}: "
            "start the version that wrote it, or rebuild the tables from the log"
        )
        self.what, self.found, self.known = what, found, known
