"""The stored bytes of version 1, by topic."""

from __future__ import annotations

from pathlib import Path

from schemas.record import Record
from schemas.topics import TOPICS

DIRECTORY = Path(__file__).parent / "golden" / "v1"
FILES = sorted(DIRECTORY.glob("*.json"))
RECORDS: dict[str, type[Record]] = {topic.name: topic.record for topic in TOPICS}


def record_type(file: Path) -> type[Record]:
    return RECORDS[file.stem.split("-", 1)[0]]


def stored(name: str) -> bytes:
    return (DIRECTORY / f"{name}.json").read_bytes()
