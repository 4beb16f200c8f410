"""The last moment before a change goes over the wire: whether who asked for it may still ask.

A process that stands still anywhere on the way, or a thread that waits for its turn, goes on as if
no time had passed. So the question is asked once more when the connection is made and all that is
to be written lies ready: between the answer and the socket are microseconds. What remains is a
process that stands still within these, and what a kernel, a proxy or the network holds back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

_CHECK: ContextVar[Callable[[], bool] | None] = ContextVar("last_check", default=None)
_WRITES: Final = (".send_request_headers.started", ".send_request_body.started")


class Withdrawn(Exception):
    """Who asked may ask no more: nothing was written, or no whole request."""


@contextmanager
def only_while(holds: Callable[[], bool]) -> Iterator[None]:
    """Let requests made inside be written only while ``holds()``, and none once this has ended.

    ``holds`` is asked in whatever thread writes, and must not wait. What was given up on by time,
    and so has ended for who asked, is not written either: a thread may come to it later.
    """
    ended: list[bool] = []
    token = _CHECK.set(lambda: holds() and not ended)
    try:
        yield
    finally:
        ended.append(True)
        _CHECK.reset(token)


def is_asked() -> bool:
    """Return whether anybody wants to be asked at the last moment."""
    return _CHECK.get() is not None


def must_still_hold() -> None:
    """Raise `Withdrawn` where nothing may be written; to be called right before the write.

    Connectors call it. In a thread of theirs it asks what was given by `contextvars.copy_context`.
    """
    check = _CHECK.get()
    if check is not None and not check():
        raise Withdrawn


async def _trace(event: str, info: Mapping[str, Any]) -> None:
    del info
    if event.endswith(_WRITES):
        must_still_hold()


ASKING: Final[Mapping[str, Any]] = {"trace": _trace}
"""Extensions of a request of httpx that asks before it writes head and body."""
