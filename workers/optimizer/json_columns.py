"""JSON objects, written column by column: each member of all objects at once.

A text stands for the value of a member; an empty one for an object without that member. So
thousands of records are made without a dictionary for each, in a third of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson

from engine.arrays import Bools, Floats, Ints
from workers.instants import text_of
from workers.optimizer.amounts import WRITERS

Column = Sequence[str]
"""One JSON text per object."""

DIGITS: Final = 4
"""Decimals of shares as they are published."""


def objects(members: Mapping[str, Column]) -> list[str]:
    """Return the objects with these members, in their canonical form: sorted by name."""
    texts: list[Iterable[str]] = []
    for name in sorted(members):
        column, label = members[name], f',"{name}":'
        if "" in column:
            texts.append([label + text if text else "" for text in column])
        else:
            texts += [[label] * len(column), column]
    return [f"{{{''.join(parts)[1:]}}}" for parts in zip(*texts, strict=True)]


def where(present: Bools, texts: Column) -> Column:
    """Return the texts of the objects that have the member."""
    return [text if yes else "" for text, yes in zip(texts, present.tolist(), strict=True)]


def same(value: Any, count: int) -> Column:  # noqa: ANN401 -- JSON
    """Return the one value of ``count`` objects."""
    return [as_json(value)] * count


def strings(values: Iterable[str]) -> Column:
    """Return texts as JSON has them."""
    return [as_json(value) for value in values]


def plain_strings(values: Iterable[str]) -> Column:
    """Return texts that hold nothing to escape, such as digests, as JSON has them."""
    return [f'"{value}"' for value in values]


def integers(values: Ints) -> Column:
    """Return whole numbers."""
    return list(map(str, values.tolist()))


def numbers(values: Floats) -> Column:
    """Return numbers of one object or more; where there is none (NaN) the text is ``null``."""
    one_row = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    return one_row[1:-1].decode().split(",")


def times(seconds: Ints) -> Column:
    """Return instants, given in seconds since the epoch."""
    return list(map(_time, seconds.tolist()))


def chosen(texts: Sequence[str], codes: Ints) -> Column:
    """Return of each object the text that its code points at."""
    return [texts[code] for code in codes.tolist()]


def as_json(value: Any) -> str:  # noqa: ANN401 -- JSON
    """Return the canonical JSON text of a value."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


class Money:
    """Writes minor units of each object's own currency."""

    def __init__(self, exponents: Ints) -> None:
        """Take the decimals of each object's currency."""
        self.writers: list[Callable[[int], str]] = [WRITERS[each] for each in exponents.tolist()]

    def plain(self, values: Ints) -> list[str]:
        """Return amounts as they stand in sentences: 1234 as ``12.34``."""
        return [write(value) for write, value in zip(self.writers, values.tolist(), strict=True)]

    def column(self, values: Ints) -> Column:
        """Return amounts as JSON has them."""
        return plain_strings(self.plain(values))

    def lists(self, values: Ints, lengths: Ints) -> Column:
        """Return of each object the first amounts of its row; shapes (B, N) and (B,)."""
        rows = zip(self.writers, values.tolist(), lengths.tolist(), strict=True)
        return ['["' + '","'.join(map(write, row[:length])) + '"]' for write, row, length in rows]


@lru_cache(maxsize=16_384)
def _time(second: int) -> str:
    return f'"{text_of(second)}"'
