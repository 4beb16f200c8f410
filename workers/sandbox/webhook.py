"""A webhook's receiver on loopback that keeps values, and does wrong what it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from schemas.fields import Entity
from workers.connectors.protocol import Account, Lever, Ref
from workers.sandbox.faults import Call, Fault, FaultQueue, Planned
from workers.sandbox.platform import Effect

STATUSES: Final = {
    Fault.THROTTLED: 429,
    Fault.THROTTLED_WITHOUT_HINT: 429,
    Fault.BUDGET_CHANGES: 429,
    Fault.CONFLICT: 409,
    Fault.HTML_502: 502,
    Fault.EDITED_MEANWHILE: 502,
    Fault.JSON_500: 500,
    Fault.EMPTY_504: 504,
    Fault.TOKEN_REVOKED: 401,
    Fault.NO_PERMISSION: 403,
    Fault.VERSION_SUNSET: 410,
}
SILENT: Final = frozenset(
    {Fault.RESET, Fault.HANG, Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET}
)
FITTING: Final = frozenset(STATUSES) | SILENT | {Fault.SLOW}
"""Which faults of changes it knows to play."""


class WebhookSandbox:
    """Verifies signatures and does what each ``webhook-id`` asks for once."""

    def __init__(
        self,
        secret: str,
        accounts: Sequence[Account],
        values: Mapping[Ref, Decimal | None],
    ) -> None:
        self.faults = FaultQueue()
        self.requests: list[str] = []
        """Which webhook-ids came with a signature that holds."""
        self._webhook = Webhook(secret)
        self._accounts = {account.account_id: account for account in accounts}
        self._values = dict(values)
        self._before = dict(values)
        self._effects: list[Effect] = []
        self._answers: dict[str, web.Response] = {}
        self._port = 0
        self._runner: web.AppRunner | None = None
        self._stopping = asyncio.Event()

    @property
    def address(self) -> str:
        """Where it listens; changes go to ``/changes``, requests for states to ``/states``."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every value that was set, oldest first."""
        return tuple(self._effects)

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force."""
        return self._values[ref]

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        self._set(ref, value, by_person=True)

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        application = web.Application()
        application.router.add_post("/changes", self._changes)
        application.router.add_post("/states", self._states)
        self._stopping = asyncio.Event()
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def restart(self) -> None:
        """Stop and listen anew on the same port."""
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _set(self, ref: Ref, value: Decimal, *, by_person: bool = False) -> None:
        before = self._values[ref]
        self._before[ref], self._values[ref] = before, value
        effect = Effect(
            ref=ref, before=before, after=value, at=datetime.now(UTC), by_person=by_person
        )
        self._effects.append(effect)

    async def _verified(self, request: web.Request) -> dict[str, Any]:
        body = await request.text()
        try:
            self._webhook.verify(body, dict(request.headers))
        except WebhookVerificationError:
            raise web.HTTPUnauthorized(text='{"detail":"the signature does not hold"}') from None
        self.requests.append(request.headers["webhook-id"])
        data: dict[str, Any] = msgspec.json.decode(body)["data"]
        return data

    async def _changes(self, request: web.Request) -> web.StreamResponse:
        data = await self._verified(request)
        planned = self.faults.take(Call.WRITE)
        if planned is None:
            return self._once(request, data)
        if planned.fault in {Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET, Fault.SLOW}:
            answered = self._once(request, data)
            if planned.fault is Fault.SLOW:
                return await self._slowly(request, answered, planned.seconds)
        return await self._wrong(request, planned)

    async def _wrong(self, request: web.Request, planned: Planned) -> web.StreamResponse:
        if planned.fault is Fault.EDITED_MEANWHILE and planned.ref and planned.value is not None:
            self.edit(planned.ref, planned.value)
        if planned.fault in {Fault.HANG, Fault.APPLIED_THEN_HANG}:
            await self._stopping.wait()
        if planned.fault in SILENT:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        hint = {"Retry-After": str(int(planned.seconds))}
        headers = hint if planned.fault in {Fault.THROTTLED, Fault.BUDGET_CHANGES} else {}
        return web.Response(status=STATUSES[planned.fault], headers=headers, text="<html>no</html>")

    async def _slowly(
        self, request: web.Request, answered: web.Response, seconds: float
    ) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for byte in answered.text or "":
            await response.write(byte.encode())
            await asyncio.sleep(seconds / len(answered.text or " "))
        return response

    def _once(self, request: web.Request, data: Mapping[str, Any]) -> web.Response:
        """Do what was not done yet; say to the rest what was said then."""
        key = request.headers["webhook-id"]
        if key not in self._answers:
            self._answers[key] = self._do(data)
        known = self._answers[key]
        return web.Response(status=known.status, text=known.text)

    def _do(self, data: Mapping[str, Any]) -> web.Response:
        ref, target = _ref(data), Decimal(data["target"])
        account = self._accounts.get(ref.account_id)
        if account is None or ref not in self._values:
            return _refused(404, f"there is no {ref.entity} {ref.entity_id}", "entity_id")
        if data["currency"] != account.currency:
            return _refused(422, f"the account is in {account.currency}", "currency")
        if target < account.minimums.get(ref.lever, Decimal(0)):
            return _refused(422, f"{target} is below the least", ref.lever)
        self._set(ref, target)
        answer = {"after": str(target), "request_id": f"request-{len(self._effects)}"}
        return web.Response(text=msgspec.json.encode(answer).decode())

    async def _states(self, request: web.Request) -> web.StreamResponse:
        data = await self._verified(request)
        planned = self.faults.take(Call.READ)
        if planned is not None and planned.fault is not Fault.STALE_READS:
            return await self._wrong(request, planned)
        values = self._values if planned is None else self._before
        told = [self._told(one, values) for one in data["refs"] if _ref(one) in values]
        return web.Response(text=msgspec.json.encode({"states": told}).decode())

    def _told(
        self, one: Mapping[str, Any], values: Mapping[Ref, Decimal | None]
    ) -> dict[str, object]:
        currency = self._accounts[one["account_id"]].currency
        return {**one, "value": values[_ref(one)], "currency": currency}


def _ref(data: Mapping[str, Any]) -> Ref:
    return Ref(
        account_id=data["account_id"],
        entity=Entity(data["entity"]),
        entity_id=data["entity_id"],
        lever=Lever(data["lever"]),
        part=data["part"],
    )


def _refused(status: int, detail: str, field: str) -> web.Response:
    return web.Response(
        status=status, text=msgspec.json.encode({"detail": detail, "field": field}).decode()
    )
