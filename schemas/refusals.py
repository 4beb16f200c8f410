"""From the decoder's messages to a field, a reason and a sentence."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from math import isfinite

from schemas.errors import Reason, SchemaError, join_path

_PATH = re.compile(r" - at `(?:key in )?\$\.?(?P<path>[^`]*)`$")
_NAMED = re.compile(r"(?:required|unknown) field `(?P<name>[^`]*)`")

_REASONS: tuple[tuple[str, Reason], ...] = (
    ("missing required field", Reason.MISSING),
    ("contains unknown field", Reason.UNKNOWN_FIELD),
    ("with a timezone component", Reason.NAIVE_TIME),
    ("Invalid RFC3339", Reason.INVALID_TIME),
    ("Invalid decimal", Reason.WRONG_TYPE),
    ("Invalid enum value", Reason.INVALID_VALUE),
    ("Invalid base64", Reason.INVALID_VALUE),
    ("matching regex", Reason.INVALID_VALUE),
    ("of length", Reason.INVALID_LENGTH),
    (" <= ", Reason.OUT_OF_RANGE),
    (" >= ", Reason.OUT_OF_RANGE),
    (" < ", Reason.OUT_OF_RANGE),
    (" > ", Reason.OUT_OF_RANGE),
    ("out of range", Reason.OUT_OF_RANGE),
    ("Expected ", Reason.WRONG_TYPE),
)


def as_schema_error(error: Exception, data: bytes) -> SchemaError:
    """Return what the decoder's error means: the field's path, the reason, a sentence."""
    message = str(error)
    match = _PATH.search(message)
    path = match["path"].replace("[...]", "[]") if match else ""
    text = message[: match.start()] if match else message
    if isinstance(error.__cause__, SchemaError):
        return error.__cause__.inside(path)
    if path == "schema_version":
        return SchemaError(path, Reason.UNSUPPORTED_VERSION, f"{text}; this release reads 1")
    for fragment, reason in _REASONS:
        if fragment in text:
            named = _NAMED.search(text)
            field = join_path(path, named["name"] if named else "")
            return SchemaError(field, reason, text)
    return _not_json(data, text)


def refuse_repeats(data: bytes) -> None:
    """Raise `SchemaError` when an object of a JSON text names a field twice."""
    try:
        # Texts for numbers: these may have more digits than Python turns into integers.
        json.loads(data, object_pairs_hook=_named_once, parse_int=str, parse_float=str)
    except _NamedTwiceError:
        written = json.loads(data, object_pairs_hook=_Object, parse_int=str, parse_float=str)
        field = _find_repeated(written, "") or ""
        raise SchemaError(field, Reason.CONTRADICTION, "is given twice") from None


class _NamedTwiceError(Exception):
    """An object names a field twice."""


class _Object(list[tuple[str, object]]):
    """The fields of an object as they were written."""


def _named_once(fields: list[tuple[str, object]]) -> None:
    if len(fields) != len(dict(fields)):
        raise _NamedTwiceError


def _find_repeated(value: object, path: str) -> str | None:
    children: Iterable[tuple[str, object]] = ()
    if isinstance(value, _Object):
        for name, count in Counter(name for name, _ in value).items():
            if count > 1:
                return join_path(path, name)
        children = ((join_path(path, name), child) for name, child in value)
    elif isinstance(value, list):
        children = ((f"{path}[{number}]", child) for number, child in enumerate(value))
    found = (_find_repeated(child, name) for name, child in children)
    return next((name for name in found if name is not None), None)


def _not_json(data: bytes, text: str) -> SchemaError:
    """Tell a NaN or an infinity, which Python's reader accepts, from plain garbage."""
    try:
        path = _find_not_finite(json.loads(data), "")
    except (ValueError, RecursionError):
        path = None
    if path is None:
        return SchemaError("", Reason.NOT_JSON, text)
    return SchemaError(path, Reason.NOT_FINITE, "must be a finite number")


def _find_not_finite(value: object, path: str) -> str | None:
    if isinstance(value, float):
        return None if isfinite(value) else path
    children: Iterable[tuple[str, object]] = ()
    if isinstance(value, dict):
        children = ((join_path(path, name), child) for name, child in value.items())
    elif isinstance(value, list):
        children = ((f"{path}[{number}]", child) for number, child in enumerate(value))
    found = (_find_not_finite(child, name) for name, child in children)
    return next((name for name in found if name is not None), None)
