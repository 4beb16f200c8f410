"""LinkedIn on loopback: campaigns, limits, reports and tokens over HTTP."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

from aiohttp import web

from workers.connectors.protocol import Ref
from workers.sandbox.faults import Call, Fault, FaultQueue
from workers.sandbox.linkedin.changes import change
from workers.sandbox.linkedin.faulty import LinkedInFaults, refused, struck
from workers.sandbox.linkedin.store import Store
from workers.sandbox.loopback import LoopbackServer
from workers.sandbox.platform import Effect

Entities: TypeAlias = dict[tuple[str, str], dict[str, Any]]
"""By account and id."""
MOST_ELEMENTS = 15_000
"""A report's further elements are left out without a word."""


class LinkedInSandbox(LoopbackServer):
    """See `workers.sandbox.platform.SandboxPlatform`; `store` is filled by whoever runs it.

    The REST interface is below ``/rest``, tokens are at ``/token``.
    """

    def __init__(
        self, now: Callable[[], datetime] = lambda: datetime.now(UTC), *, port: int = 0
    ) -> None:
        super().__init__(port)
        self.faults: FaultQueue = LinkedInFaults()
        self.store = Store(now)
        self.versions = {"202610"}
        """That are spoken; every other one has ended."""
        self.access_token = "sandbox-access-0"  # noqa: S105 -- opens nothing
        self.refresh_token = "sandbox-refresh"  # noqa: S105 -- opens nothing
        self.tokens_given = 0
        self._counter = itertools.count(1)
        self._revoked = False

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every value that was set, oldest first."""
        return tuple(self.store.effects)

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force; KeyError if there is no such campaign."""
        return self.store.value(ref)

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        self.store.edit(ref, value)

    def expire(self) -> None:
        """Let the access token expire, until one is asked for anew."""
        self.access_token = f"sandbox-access-{next(self._counter)}"

    def application(self) -> web.Application:
        """Return what answers."""
        app = web.Application(middlewares=[self._guard])
        account = "/rest/adAccounts/{account}"
        app.router.add_post("/token", self._token)
        app.router.add_get(account, self._account)
        app.router.add_get(f"{account}/adCampaignGroups", self._groups)
        app.router.add_get(f"{account}/adCampaigns", self._campaigns)
        app.router.add_get(f"{account}/adCampaigns/{{entity}}", self._campaign)
        app.router.add_post(f"{account}/adCampaigns/{{entity}}", self._change)
        app.router.add_get("/rest/adBudgetPricing", self._pricing)
        app.router.add_get("/rest/adAnalytics", self._report)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        call = Call.READ if request.method == "GET" else Call.WRITE
        planned = self.faults.take(Call.TOKEN if request.path == "/token" else call)
        if planned is None:
            answer: web.StreamResponse = self._refusal(request) or await handler(request)
            return answer
        if planned.fault is Fault.TOKEN_EXPIRED:
            self.expire()
        if planned.fault is Fault.TOKEN_REVOKED:
            self.expire()
            self._revoked = True
        if planned.fault is Fault.EDITED_MEANWHILE and planned.ref and planned.value is not None:
            self.edit(planned.ref, planned.value)
        if planned.fault is Fault.STALE_READS:
            return self._stale(request) or await handler(request)

        async def answered() -> web.Response:
            answer: web.Response = self._refusal(request) or await handler(request)
            return answer

        return await struck(planned, request, answered)

    def _refusal(self, request: web.Request) -> web.Response | None:
        if request.path == "/token":
            return None
        if self._revoked or request.headers.get("Authorization") != f"Bearer {self.access_token}":
            return refused(401, "EXPIRED_ACCESS_TOKEN")
        if request.headers.get("LinkedIn-Version") not in self.versions:
            return refused(426, "NONEXISTENT_VERSION")
        if request.headers.get("X-RestLi-Protocol-Version") != "2.0.0":
            return refused(400, "RESTLI_PROTOCOL_VERSION_MISSING")
        account = request.match_info.get("account")
        if account is not None and account not in self.store.accounts:
            return refused(404, "RESOURCE_NOT_FOUND")
        return None

    def _stale(self, request: web.Request) -> web.Response | None:
        old = self.store.before
        if request.path.endswith("/adCampaigns"):
            return _all_found({**self.store.campaigns, **old}, request)
        return (
            _found(old, request) if "adCampaigns" in request.path and _key(request) in old else None
        )

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        if self._revoked or form.get("refresh_token") != self.refresh_token:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.tokens_given += 1
        self.expire()
        return web.json_response({"access_token": self.access_token, "expires_in": 5_184_000})

    async def _account(self, request: web.Request) -> web.Response:
        return web.json_response(self.store.accounts[request.match_info["account"]])

    async def _groups(self, request: web.Request) -> web.Response:
        return _all_found(self.store.groups, request)

    async def _campaign(self, request: web.Request) -> web.Response:
        return _found(self.store.campaigns, request)

    async def _campaigns(self, request: web.Request) -> web.Response:
        return _all_found(self.store.campaigns, request)

    async def _change(self, request: web.Request) -> web.Response:
        if request.headers.get("X-RestLi-Method", "").upper() != "PARTIAL_UPDATE":
            return refused(400, "RESTLI_METHOD_MISSING")
        return change(self.store, *_key(request), await request.json())

    async def _pricing(self, request: web.Request) -> web.Response:
        account = request.query.get("account", "").rpartition(":")[2]
        if account not in self.store.accounts:
            return refused(404, "RESOURCE_NOT_FOUND")
        return web.json_response({"elements": [self.store.limits.get(account, {})]})

    async def _report(self, request: web.Request) -> web.Response:
        days = re.findall(r"year:(\d+),month:(\d+),day:(\d+)", request.query.get("dateRange", ""))
        owner = re.search(r"(\d+)\)$", request.query.get("accounts", ""))
        if len(days) != 2 or owner is None or request.query.get("timeGranularity") != "DAILY":  # noqa: PLR2004
            return refused(400, "ILLEGAL_ARGUMENT", "dateRange")
        since, until = (date(*map(int, day)) for day in days)
        elements = self.store.report(owner[1], since, until)
        return web.json_response({"elements": elements[:MOST_ELEMENTS]})


def _key(request: web.Request) -> tuple[str, str]:
    return request.match_info["account"], request.match_info["entity"]


def _all_found(known: Entities, request: web.Request) -> web.Response:
    account, ids = request.match_info["account"], re.findall(r"\d+", request.query.get("ids", ""))
    found = {name: known[account, name] for name in ids if (account, name) in known}
    return web.json_response({"results": found, "statuses": {}, "errors": {}})


def _found(known: Entities, request: web.Request) -> web.Response:
    found = known.get(_key(request))
    return refused(404, "RESOURCE_NOT_FOUND") if found is None else web.json_response(found)
