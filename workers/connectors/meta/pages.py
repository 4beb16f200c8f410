"""Edges of Meta's graph, which come page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workers.connectors.errors import Ambiguous
from workers.connectors.meta.wire import Wire

_MOST_PAGES: Final = 10_000


async def read_rows(
    wire: Wire, path: tuple[str, ...], params: dict[str, Any]
) -> list[Mapping[str, Any]]:
    """Return all rows of an edge; `Ambiguous` where an answer has none or where they do not end."""
    rows: list[Mapping[str, Any]] = []
    after: dict[str, Any] = {}
    for _ in range(_MOST_PAGES):
        body = (await wire.call("GET", path, {**params, **after})).body
        if not isinstance(body.get("data"), list):
            raise Ambiguous("Meta's answer has no rows where they belong: ask again.")
        rows += body["data"]
        paging = body.get("paging") or {}
        if not paging.get("next"):
            return rows
        after = {"after": paging["cursors"]["after"]}
    raise Ambiguous("Meta's rows do not end: ask for fewer days.")
