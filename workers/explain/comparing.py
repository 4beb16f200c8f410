"""What differs between a published recommendation and the recomputed one, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

FOLLOWS = ("recommendation_id",)
"""Fields that differ because others do: the id is the digest of all the rest."""


class Difference(NamedTuple):
    """One field that differs; values as JSON has them, None where the field is not there."""

    field: str
    published: Any
    recomputed: Any


def differences(published: bytes, recomputed: bytes) -> list[Difference]:
    """Return the fields in which two recommendations differ, in the order of the published one.

    Bytes that differ though no field does are one difference, of the field "bytes".
    """
    before, after = (dict(_leaves("", orjson.loads(value))) for value in (published, recomputed))
    names = list(dict.fromkeys([*before, *after]))
    found = [
        Difference(name, before.get(name), after.get(name))
        for name in names
        if name not in FOLLOWS and before.get(name) != after.get(name)
    ]
    if not found and published != recomputed:
        return [Difference("bytes", published.decode(), recomputed.decode())]
    return found


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 -- JSON
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, part)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _leaves(f"{path}[{number}]", part)
    else:
        yield path, value
