"""A server of HTTP on loopback: where it listens, how it starts, and how it stops."""

from __future__ import annotations

from abc import ABC, abstractmethod

from aiohttp import web


class LoopbackServer(ABC):
    """Listens on a port of loopback, 0 for a free one; after a stop on the same one."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._runner: web.AppRunner | None = None

    @abstractmethod
    def application(self) -> web.Application:
        """Return what answers, anew for each start."""

    @property
    def address(self) -> str:
        """Where it listens: ``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listen."""
        self._runner = web.AppRunner(self.application(), shutdown_timeout=0.01, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]

    async def restart(self) -> None:
        """Stop and listen anew on the same port, with all that is in force as it was."""
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """Stop listening; open requests are cut."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
