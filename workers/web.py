"""Serves /metrics, /live and /ready of one worker, on loopback unless told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from workers.errors import WorkerError
from workers.health import Verdict
from workers.settings import WebSettings

Probe = Callable[[], Verdict]


class WebAddressError(WorkerError):
    """The address for metrics and health cannot be listened on."""


@asynccontextmanager
async def serve(
    settings: WebSettings, registry: CollectorRegistry, *, live: Probe, ready: Probe
) -> AsyncIterator[str]:
    """Serve until the block ends, and give the URL, such as ``http://127.0.0.1:8471``.

    Raises
    ------
    WebAddressError
        The port is taken, or the host is not an address of this machine.
    """
    runner = web.AppRunner(_application(registry, live, ready), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, settings.port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise WebAddressError(
            f"cannot listen on {settings.host}:{settings.port} for metrics and health:"
            f" {error.strerror}",
            remedy="set web.port or --web-port to a free port, or to 0 for any",
        ) from error
    try:
        host, port = runner.addresses[0][:2]
        yield f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _application(registry: CollectorRegistry, live: Probe, ready: Probe) -> web.Application:
    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    def answer(probe: Probe) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def respond(_: web.Request) -> web.Response:
            verdict = probe()
            if verdict.ok:
                return web.Response(text="ok\n")
            return web.Response(text=f"{verdict.reason}\n", status=503)

        return respond

    application = web.Application()
    application.router.add_get("/metrics", metrics)
    application.router.add_get("/live", answer(live))
    application.router.add_get("/ready", answer(ready))
    return application
