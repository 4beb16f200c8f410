"""What an import came to: counts, sums, and where refused rows are kept."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self, TextIO

from workers.importer.convert import Published
from workers.importer.refusals import Refusal

SAMPLE = 3


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of an import as it goes on."""

    accepted: int = 0
    """Rows that are valid."""
    published: int = 0
    """Rows written to Kafka by this run."""
    already: int = 0
    """Rows that an earlier run of the same import had written."""
    out_of_order: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Refused rows by reason."""
    campaigns: set[bytes] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    spend: dict[str, Decimal] = field(default_factory=dict)
    """Exact sum by currency; rows without one are under an empty name."""
    sample: list[Published] = field(default_factory=list)

    def accept(self, row: Published) -> None:
        """Count a valid row."""
        self.accepted += 1
        self.campaigns.add(row.key)
        hour = row.event.window_start
        self.first = hour if self.first is None else min(self.first, hour)
        self.last = hour if self.last is None else max(self.last, hour)
        currency = row.event.currency or ""
        self.spend[currency] = self.spend.get(currency, Decimal(0)) + row.event.spend
        if len(self.sample) < SAMPLE:
            self.sample.append(row)

    @property
    def rows(self) -> int:
        """Rows that were looked at."""
        return self.accepted + self.refused.total()


class RefusedRows:
    """Keeps refused rows as CSV: the cells as they were, then row, field, reason and detail.

    The file is made with the first of them, in place of one that an earlier run left. Mended, it
    can be published as it is: columns that no map names are passed over.
    """

    COLUMNS = ("refused_row", "refused_field", "refused_reason", "refused_detail")

    def __init__(self, path: Path, header: tuple[str, ...]) -> None:
        self._path = path
        self._header = header
        self._file: TextIO | None = None
        self._writer: Any = None

    def add(self, refusal: Refusal) -> None:
        """Write one row."""
        if self._file is None:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow((*self._header, *self.COLUMNS))
        width = len(self._header)
        cells = (*refusal.cells, *[""] * width)[:width]
        self._writer.writerow((*cells, refusal.row, refusal.field, refusal.reason, refusal.detail))

    def __enter__(self) -> Self:
        self._path.unlink(missing_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
