"""A webhook's receiver on loopback that keeps values, and does wrong what it is told to."""

from __future__ import annotations

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
from workers.sandbox.http_faults import Answered, answer_by_fault
from workers.sandbox.loopback import LoopbackServer
from workers.sandbox.platform import Effect

STATUSES: Final = {
    Fault.THROTTLED: 429,
    Fault.THROTTLED_WITHOUT_HINT: 429,
    Fault.BUDGET_CHANGES: 429,
    Fault.CONFLICT: 409,
    Fault.JSON_500: 500,
    Fault.TOKEN_REVOKED: 401,
    Fault.NO_PERMISSION: 403,
    Fault.VERSION_SUNSET: 410,
}
UNKNOWN_TO_RECEIVERS: Final = {
    Fault.EMPTY_SUCCESS: "A receiver's 200 with {} says that it was done",
    Fault.PARTIAL_FAILURE: "A change of a receiver's is one, done or not",
    Fault.TOKEN_EXPIRED: "Signatures have no token that expires",
}
FITTING: Final = frozenset(Fault) - frozenset(UNKNOWN_TO_RECEIVERS)
"""Which faults it knows to play."""


class WebhookFaults(FaultQueue):
    """Faults that a receiver can have."""

    def plan(self, planned: Planned) -> None:
        """Let a fault wait; raise `ValueError` for one that a receiver cannot have."""
        if planned.fault in UNKNOWN_TO_RECEIVERS:
            raise ValueError(f"{UNKNOWN_TO_RECEIVERS[planned.fault]}.")
        if planned.call is Call.TOKEN:
            raise ValueError("A receiver is asked for no token: plan READ or WRITE.")
        super().plan(planned)


class WebhookSandbox(LoopbackServer):
    """Verifies signatures and does what each ``webhook-id`` asks for once.

    Changes go to ``/changes``, requests for states to ``/states``.
    """

    def __init__(
        self,
        secret: str,
        accounts: Sequence[Account],
        values: Mapping[Ref, Decimal | None],
        *,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        self.faults: FaultQueue = WebhookFaults()
        self.requests: list[str] = []
        """Which webhook-ids came with a signature that holds."""
        self._webhook = Webhook(secret)
        self._accounts = {account.account_id: account for account in accounts}
        self._values = dict(values)
        self._before = dict(values)
        self._effects: list[Effect] = []
        self._answers: dict[str, web.Response] = {}

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

    def application(self) -> web.Application:
        """Return what answers."""
        application = web.Application()
        application.router.add_post("/changes", self._changes)
        application.router.add_post("/states", self._states)
        return application

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

        async def answered() -> web.Response:
            return self._once(request, data)

        if planned is None:
            return await answered()
        return await self._struck(request, planned, answered)

    async def _struck(
        self, request: web.Request, planned: Planned, answered: Answered
    ) -> web.StreamResponse:
        if planned.fault is Fault.EDITED_MEANWHILE and planned.ref and planned.value is not None:
            self.edit(planned.ref, planned.value)
        if planned.fault not in STATUSES:
            return await answer_by_fault(planned, request, answered)
        hint = {"Retry-After": str(int(planned.seconds))}
        headers = hint if planned.fault in {Fault.THROTTLED, Fault.BUDGET_CHANGES} else {}
        return web.Response(status=STATUSES[planned.fault], headers=headers, text="<html>no</html>")

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
        stale = planned is not None and planned.fault is Fault.STALE_READS

        async def answered() -> web.Response:
            values = self._before if stale else self._values
            told = [self._told(one, values) for one in data["refs"] if _ref(one) in values]
            return web.Response(text=msgspec.json.encode({"states": told}).decode())

        if planned is None or stale:
            return await answered()
        return await self._struck(request, planned, answered)

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
