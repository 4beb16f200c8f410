"""Writes the documents that follow from the types: ``python -m schemas.generate [DIRECTORY]``."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson

from schemas.asyncapi import asyncapi
from schemas.json_schema import JsonObject, json_schema
from schemas.topic import DEFAULT_PREFIX
from schemas.topics import TOPICS

GENERATED = Path(__file__).parent / "generated"
"""Where the checked-in documents are."""


def documents(prefix: str = DEFAULT_PREFIX) -> dict[str, bytes]:
    """Return every generated document by file name: a JSON Schema per record, and AsyncAPI."""
    schemas = {
        f"{topic.name}.schema.json": json_schema(topic.record, name=topic.name) for topic in TOPICS
    }
    everything = {**schemas, "asyncapi.json": asyncapi(prefix)}
    return {name: _pretty(document) for name, document in everything.items()}


def write(directory: Path, prefix: str = DEFAULT_PREFIX) -> tuple[Path, ...]:
    """Write the documents that are not there yet or differ; return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in documents(prefix).items():
        path = directory / name
        if not path.exists() or path.read_bytes() != content:
            path.write_bytes(content)
            written.append(path)
    return tuple(written)


def _pretty(document: JsonObject) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else GENERATED)
