"""A network that is slow, or cut: a TCP proxy between workers and one broker."""

from __future__ import annotations

import asyncio
import threading
from types import TracebackType
from typing import Self

_BLOCK = 1 << 16


class Proxy:
    """Forwards ``port`` on loopback to ``target``, as slowly as it is told to.

    It runs in a thread of its own, so that a busy test does not slow it further. Attributes may be
    set while it runs.
    """

    def __init__(self) -> None:
        self.target = 0
        """The port that the broker listens on."""
        self.delay = 0.0
        """Seconds that each block takes on its way, in either direction."""
        self.bytes_per_second = float("inf")
        """Of each connection and direction."""
        self.port = 0
        self._open = True
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy", daemon=True)

    def cut(self) -> None:
        """Drop all connections, and every new one, until :meth:`mend`."""
        self._open = False
        self._loop.call_soon_threadsafe(self._drop)

    def mend(self) -> None:
        """Let connections through again, at full speed."""
        self._open, self.delay, self.bytes_per_second = True, 0.0, float("inf")

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, "127.0.0.1", 0)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._drop()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._open:
            writer.transport.abort()
            return
        try:
            onward, back = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.transport.abort()
            return
        await asyncio.gather(self._pipe(reader, back), self._pipe(onward, writer))

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while block := await reader.read(_BLOCK):
                await asyncio.sleep(self.delay + len(block) / self.bytes_per_second)
                writer.write(block)
                await writer.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
