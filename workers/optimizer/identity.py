"""Ids of what is published: digests of its content."""

from __future__ import annotations

from typing import Any

import orjson

from schemas import digest


def identified(body: dict[str, Any], name: str) -> tuple[str, bytes]:
    """Return the id of a record's content, and the record with it as field ``name``.

    The id is BLAKE2b-128 of the canonical bytes of all the other fields.
    """
    content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    identity = digest(content)
    return identity, b'{"%s":"%s",' % (name.encode(), identity.encode()) + content[1:]
