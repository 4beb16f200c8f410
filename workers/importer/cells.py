"""Reads numbers from cells as people and programs write them, exactly.

A reader takes a cell and returns the value, or None where the cell says that there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from schemas import Reason
from workers.importer.mapping import Numbers, Source
from workers.importer.refusals import RowRefusedError

Reader = Callable[[object], Any]

_LONGEST = 18
_GROUP = 3


class _Action(msgspec.Struct, frozen=True):
    action_type: str
    value: str | int | float | None = None


_ACTIONS = msgspec.json.Decoder(list[_Action])


def text_reader(field: str, numbers: Numbers) -> Reader:  # noqa: ARG001 -- as the other makers
    """Return a reader of text without blanks around it."""
    missing = frozenset(numbers.missing)

    def read(cell: object) -> str | None:
        text = "" if cell is None else str(cell).strip()
        return None if text in missing else text

    return read


def decimal_reader(field: str, numbers: Numbers, scale: Decimal = Decimal(1)) -> Reader:
    """Return a reader of numbers that keeps every digit."""
    plain = numbers.decimal == "." and not numbers.thousands
    missing = frozenset(numbers.missing)

    def read(cell: object) -> Decimal | None:
        text = cell.strip() if isinstance(cell, str) else _from_typed(cell, field)
        if text in missing:
            return None
        number = text if plain or not isinstance(cell, str) else _unformatted(text, numbers)
        try:
            # Python reads 1_000 as a number; reports do not mean one by it.
            value = Decimal(number if "_" not in number else "")
        except InvalidOperation:
            raise _not_a_number(field, text) from None
        return value if scale == 1 else value * scale

    return read


def count_reader(field: str, numbers: Numbers, scale: Decimal = Decimal(1)) -> Reader:
    """Return a reader of whole numbers; ``12.0`` is one."""
    exact = decimal_reader(field, numbers, scale)

    def read(cell: object) -> int | None:
        if isinstance(cell, str) and cell.isdecimal() and scale == 1:
            return int(cell)
        value = exact(cell)
        if value is None:
            return None
        if not value.is_finite() or value.adjusted() > _LONGEST or value != int(value):
            raise RowRefusedError(field, Reason.WRONG_TYPE, f"must be whole, was {cell!s:.60}")
        return int(value)

    return read


def truth_reader(field: str, numbers: Numbers) -> Reader:
    """Return a reader of ``true`` and ``false``."""
    text = text_reader(field, numbers)

    def read(cell: object) -> bool | None:
        given = text(cell)
        if given is None:
            return None
        if given.lower() not in {"true", "false", "1", "0"}:
            detail = f"must be true or false, was {given:.60}"
            raise RowRefusedError(field, Reason.WRONG_TYPE, detail)
        return given.lower() in {"true", "1"}

    return read


def action_reader(field: str, source: Source, inner: Reader) -> Reader:
    """Return a reader of one action's value from a cell of JSON; none of the type is None."""

    def read(cell: object) -> object:
        if cell is None or cell == "":
            return None
        try:
            if isinstance(cell, str):
                actions = _ACTIONS.decode(cell)
            else:
                actions = msgspec.convert(cell, list[_Action])
        except msgspec.DecodeError as error:
            detail = f"is no list of actions: {error}"
            raise RowRefusedError(field, Reason.WRONG_TYPE, detail) from None
        values = [action.value for action in actions if action.action_type == source.action_type]
        return inner(values[0]) if values else None

    return read


def _from_typed(cell: object, field: str) -> str:
    """Return a Parquet value as the shortest text that reads back as the same number."""
    if cell is None:
        return ""
    if isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
        return str(cell)
    raise _not_a_number(field, str(cell))


def _unformatted(text: str, numbers: Numbers) -> str:
    whole, point, fraction = text.partition(numbers.decimal)
    if numbers.thousands and numbers.thousands in whole:
        first, *groups = whole.split(numbers.thousands)
        if not 0 < len(first.lstrip("+-")) <= _GROUP or any(len(g) != _GROUP for g in groups):
            return ""
        whole = first + "".join(groups)
    return f"{whole}.{fraction}" if point else whole


def _not_a_number(field: str, text: str) -> RowRefusedError:
    return RowRefusedError(field, Reason.WRONG_TYPE, f"must be a number, was {text:.60}")
