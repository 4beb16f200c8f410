"""Batches are dataclasses of arrays: some of their campaigns, and these back among the others.

All fields have one entry per campaign along their first axis, or are such dataclasses themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np

from engine.arrays import Ints

Batch = TypeVar("Batch")


def picked(batch: Batch, rows: Ints) -> Batch:
    """Return some campaigns of a batch, given by position, (R,)."""
    return _made(batch, lambda name: _picked(getattr(batch, name), rows))


def placed(batch: Batch, rows: Ints, some: Batch) -> Batch:
    """Return the batch with the campaigns at ``rows`` (R,) as they are in ``some``."""
    return _made(batch, lambda name: _placed(getattr(batch, name), rows, getattr(some, name)))


def _made(batch: Batch, column: Callable[[str], Any]) -> Batch:
    columns = {field.name: column(field.name) for field in fields(batch)}  # type: ignore[arg-type]
    return replace(batch, **columns)  # type: ignore[type-var]


def _picked(column: Any, rows: Ints) -> Any:  # noqa: ANN401 -- a column, or columns
    return picked(column, rows) if is_dataclass(column) else column[rows]


def _placed(column: Any, rows: Ints, some: Any) -> Any:  # noqa: ANN401 -- a column, or columns
    if is_dataclass(column):
        return placed(column, rows, some)
    after = np.array(column)
    after[rows] = some
    return after
