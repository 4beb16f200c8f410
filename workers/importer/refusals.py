"""Rows that are not published, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


class RowRefusedError(Exception):
    """A row does not become an event."""

    def __init__(self, field: str, reason: str, detail: str) -> None:
        super().__init__(f"{field}: {detail}" if field else detail)
        self.field = field
        self.reason = reason
        """Short and stable: one of the schema's reasons, or one of the importer's own."""
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refused row of a file."""

    row: int
    """Counted from 1, the header not counted."""
    cells: tuple[object, ...]
    field: str
    reason: str
    detail: str
