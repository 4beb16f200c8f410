"""Ids of what is published: digests of its content."""

from __future__ import annotations

from schemas import digest


def identified(text: str, name: str) -> tuple[str, bytes]:
    """Return the id of a record's content, and the record with it as field ``name``.

    ``text`` is the canonical JSON of all the other fields; the id is BLAKE2b-128 of its bytes.
    """
    content = text.encode()
    identity = digest(content)
    return identity, b'{"%s":"%s",' % (name.encode(), identity.encode()) + content[1:]
