"""What servers on loopback answer to a fault whatever they stand in for, or never answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from workers.sandbox.faults import Fault, Planned

Answered = Callable[[], Awaitable[web.Response]]
"""Does what was asked, and returns what would be answered without a fault."""


async def answer_by_fault(
    planned: Planned, request: web.Request, answered: Answered
) -> web.StreamResponse:
    """Return the answer to a request that a fault strikes; some never answer."""
    fault = planned.fault
    if fault in {Fault.HTML_502, Fault.EDITED_MEANWHILE}:
        return web.Response(status=502, text="<html>Bad gateway</html>", content_type="text/html")
    if fault is Fault.EMPTY_SUCCESS:
        return web.json_response({})
    if fault is Fault.EMPTY_504:
        return web.Response(status=504)
    return await _cut(planned, request, answered)


async def _cut(planned: Planned, request: web.Request, answered: Answered) -> web.StreamResponse:
    fault = planned.fault
    if fault in {Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET}:
        await answered()
    if fault in {Fault.HANG, Fault.APPLIED_THEN_HANG}:
        await asyncio.sleep(3600)
    if fault in {Fault.RESET, Fault.APPLIED_THEN_RESET}:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    whole = await answered()
    content = whole.body if isinstance(whole.body, bytes) else b""
    if fault is Fault.TRUNCATED:
        return web.Response(body=content[: len(content) // 2], content_type="application/json")
    return await _slowly(planned, request, whole, content)


async def _slowly(
    planned: Planned, request: web.Request, whole: web.Response, content: bytes
) -> web.StreamResponse:
    if not content:
        await asyncio.sleep(planned.seconds)
        return whole
    response = web.StreamResponse(status=whole.status, headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for place in range(4):
        part = slice(place * len(content) // 4, (place + 1) * len(content) // 4)
        await response.write(content[part])
        await asyncio.sleep(planned.seconds / 4)
    await response.write_eof()
    return response
