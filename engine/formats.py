"""Formats of a stored row, and how a row of an old one becomes a row of the newest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.arrays import Rows
from engine.errors import UnknownFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Formats:
    """All formats that a kind of row was ever stored in; the first byte of a row is its number.

    A new format is one layout and one upgrade more; what was written once stays as it is.
    """

    what: str
    layouts: tuple[np.dtype[Any], ...]
    """By number, from format 1 on; each has a field ``format`` of one byte first."""
    upgrades: tuple[Callable[[Rows], Rows], ...] = ()
    """Each makes rows of one format rows of the next, from format 1 on: one less than layouts."""

    @property
    def newest(self) -> int:
        """Return the number of the format that is written."""
        return len(self.layouts)

    def read_or_begin(self, values: Sequence[bytes]) -> Rows:
        """Return B values as rows (B,) of the newest layout; empty bytes are a row of zeros.

        Raises
        ------
        UnknownFormat
            When a value was written by a later version.
        """
        blank = np.zeros(1, dtype=self.layouts[-1])
        blank["format"] = self.newest
        return self.read([value or blank.tobytes() for value in values])

    def read(self, values: Sequence[bytes]) -> Rows:
        """Return B values, none of them empty, as rows (B,) of the newest layout.

        Raises
        ------
        UnknownFormat
            When a value was written by a later version.
        """
        numbers = np.array([value[0] for value in values], dtype=np.int64)
        unknown = numbers[(numbers < 1) | (numbers > self.newest)]
        if unknown.size:
            raise UnknownFormat(self.what, found=int(unknown.max()), known=self.newest)
        rows = np.empty(len(values), dtype=self.layouts[-1])
        for number in np.unique(numbers):
            at = np.flatnonzero(numbers == number)
            rows[at] = self._upgraded(int(number), b"".join([values[i] for i in at.tolist()]))
        return rows

    def _upgraded(self, number: int, block: bytes) -> Rows:
        rows: Rows = np.frombuffer(block, dtype=self.layouts[number - 1])
        for upgrade in self.upgrades[number - 1 :]:
            rows = upgrade(rows)
        rows = rows.copy()
        rows["format"] = self.newest
        return rows
