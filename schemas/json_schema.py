"""JSON Schema (2020-12) of the records, from their types."""

from __future__ import annotations

from collections.abc import Iterable
from inspect import cleandoc
from typing import TypeAlias

import msgspec

from schemas.aliases import ALIASES
from schemas.metrics import Breakdown, MetricsEvent
from schemas.money import MAX_DECIMALS
from schemas.record import Part

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = dict[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_FRACTION = f"[0-9]{{0,{MAX_DECIMALS}}}"
_DECIMAL: JsonObject = {
    "type": ["number", "string"],
    "pattern": rf"^[+-]?([0-9]+(\.{_FRACTION})?|\.{_FRACTION})([eE][+-]?[0-9]+)?$",
}


def json_schema(kind: type[Part], *, name: str) -> JsonObject:
    """Return the self-contained schema of one record type.

    Parameters
    ----------
    name
        What the schema is of, such as ``metrics.v1``; part of its ``$id``.
    """
    parts = components([kind], "#/$defs/{name}")
    top = parts.pop(kind.__name__)
    head: JsonObject = {"$schema": DIALECT, "$id": f"urn:pacekeeper:{name}"}
    definitions: JsonObject = {"$defs": parts} if parts else {}
    return {**head, **_object(top), **definitions}


def components(kinds: Iterable[type[Part]], template: str) -> JsonObject:
    """Return the schemas of record types and of all their parts, by name.

    Parameters
    ----------
    template
        How a schema refers to another one, such as ``#/$defs/{name}``.
    """
    _, found = msgspec.json.schema_components(kinds, ref_template=template)
    plain = _object(msgspec.json.decode(msgspec.json.encode(found)))
    schemas = {name: _as_on_the_wire(schema) for name, schema in plain.items()}
    for kind in (MetricsEvent, Breakdown):
        if kind.__name__ in schemas:
            _open_to_other_names(_object(schemas[kind.__name__]))
    return schemas


def _as_on_the_wire(schema: Json) -> Json:
    """Let decimals be numbers or strings, and ``schema_version`` be left out."""
    if isinstance(schema, list):
        return [_as_on_the_wire(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    adapted = {name: _as_on_the_wire(part) for name, part in schema.items()}
    if isinstance(about := adapted.get("description"), str):
        adapted["description"] = _prose(about)
    if adapted.get("format") == "decimal":
        del adapted["format"]
        adapted |= _DECIMAL
    required = adapted.get("required")
    if isinstance(required, list) and "schema_version" in required:
        required.remove("schema_version")
    return adapted


def _prose(docstring: str) -> str:
    """Return a docstring's paragraphs as one line each, without mark-up."""
    paragraphs = cleandoc(docstring).replace("`", "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _open_to_other_names(schema: JsonObject) -> None:
    """Say which other names the fields of metrics have, and that unknown ones are ignored."""
    schema["additionalProperties"] = True
    properties = _object(schema["properties"])
    for alias, field in ALIASES.items():
        if field in properties:
            names = _object(properties[field]).setdefault("x-aliases", [])
            if isinstance(names, list):
                names.append(alias)


def _object(value: Json) -> JsonObject:
    if not isinstance(value, dict):
        raise TypeError(f"a schema must be an object, was {type(value).__name__}")
    return value
