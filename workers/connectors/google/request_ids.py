"""The id of a request that went well: only the end of its metadata tells it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module

from workers.connectors.google.places import Message

_SEEN: ContextVar[list[str] | None] = ContextVar("request_ids", default=None)


@contextmanager
def capturing() -> Iterator[list[str]]:
    """Collect the ids of requests made inside, in tasks that are started there as well."""
    seen: list[str] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


def interceptor() -> Message:
    """Return what listens on a channel; made late, for its base is the client's."""
    base = import_module("grpc").aio.UnaryUnaryClientInterceptor

    async def intercept(
        _self: object, continuation: Message, details: Message, request: Message
    ) -> Message:
        call = await continuation(details, request)
        seen = _SEEN.get()
        if seen is not None:
            for name, value in await call.trailing_metadata() or ():
                if name == "request-id":
                    seen.append(value)
        return call

    return type("RequestIds", (base,), {"intercept_unary_unary": intercept})()
