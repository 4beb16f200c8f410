"""The endpoint that gives access tokens for a refresh token."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from workers.sandbox.faults import Call, Fault, FaultQueue

REFRESH_TOKEN: Final = "loopback-refresh-token"  # noqa: S105 -- opens nothing


class TokenEndpoint:
    """Gives tokens that the platform on loopback knows."""

    def __init__(self, faults: FaultQueue, port: int = 0) -> None:
        self._faults = faults
        self._runner: web.AppRunner | None = None
        self.valid: set[str] = set()
        self.revoked = False
        self.given = 0
        """How many tokens were given."""
        self.lifetime = 3600
        """Seconds that a token is said to be good for; 0 is what a clock that is ahead makes."""
        self._port = port

    @property
    def address(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self._port}/token"

    async def start(self) -> None:
        """Listen; on the port of before where there was one."""
        app = web.Application()
        app.router.add_post("/token", self._give)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _give(self, request: web.Request) -> web.Response:
        form = await request.post()
        planned = self._faults.take(Call.TOKEN)
        if planned is not None and planned.fault is Fault.HANG:
            await asyncio.sleep(planned.seconds)
        if planned is not None and planned.fault is Fault.HTML_502:
            return web.Response(status=502, text="<html>Bad Gateway</html>")
        if planned is not None and planned.fault is Fault.TOKEN_REVOKED:
            self.revoked = True
        if self.revoked or form.get("refresh_token") != REFRESH_TOKEN:
            told = f"revoked: {form.get('refresh_token')!s}"
            body = {"error": "invalid_grant", "error_description": told}
            return web.json_response(body, status=400)
        self.given += 1
        token = f"loopback-access-token-{self.given}"
        self.valid.add(token)
        return web.json_response(
            {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}
        )
