"""What would have been accepted: the values of a list, the field that is nearest."""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache

from msgspec import inspect

from schemas.errors import Reason, SchemaError
from schemas.record import Part

_STEP = re.compile(r"\[\d*\]|[^.\[\]]+")


def with_hint(error: SchemaError, kind: type[Part]) -> SchemaError:
    """Return ``error``, which ``kind`` was decoded with, and what is accepted in its place."""
    hint = ""
    if error.reason is Reason.INVALID_VALUE:
        listed = _at(_type_of(kind), error.field)
        if isinstance(listed, inspect.EnumType):
            hint = f"; one of {', '.join(str(each.value) for each in listed.cls)}"
    elif error.reason is Reason.UNKNOWN_FIELD:
        parent, _, name = error.field.rpartition(".")
        whole = _at(_type_of(kind), parent)
        if isinstance(whole, inspect.StructType):
            known = [field.encode_name for field in whole.fields]
            near = get_close_matches(name, known, 1)
            refused = getattr(whole.cls, "refused", {}).get(name)
            hint = f"; {refused}" if refused else "".join(f"; did you mean {n}?" for n in near)
    return SchemaError(error.field, error.reason, error.detail + hint) if hint else error


@cache
def _type_of(kind: type[Part]) -> inspect.Type:
    return inspect.type_info(kind)


def _at(whole: inspect.Type, path: str) -> inspect.Type | None:
    """Return the type of what stands at a path such as ``calendar[2].name``; None if unknown."""
    found: inspect.Type | None = _plain(whole)
    for step in _STEP.findall(path):
        found = _inside(found, step)
        if found is None:
            return None
        found = _plain(found)
    return found


def _plain(found: inspect.Type) -> inspect.Type:
    """Leave out that a value may be absent, and what is only said about it."""
    if isinstance(found, inspect.Metadata):
        return _plain(found.type)
    if isinstance(found, inspect.UnionType):
        given = [each for each in found.types if not isinstance(each, inspect.NoneType)]
        return _plain(given[0]) if len(given) == 1 else found
    return found


def _inside(found: inspect.Type | None, step: str) -> inspect.Type | None:
    if isinstance(found, inspect.StructType):
        types = {field.encode_name: field.type for field in found.fields}
        return types.get(step)
    if isinstance(found, inspect.ListType | inspect.VarTupleType):
        return found.item_type
    return None
