"""Google Ads on loopback."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from decimal import Decimal
from importlib import import_module
from typing import Any, Final, NoReturn

import trustme

from workers.connectors.protocol import Ref
from workers.sandbox.faults import Call, Fault, FaultQueue, Planned
from workers.sandbox.google.changes import checked, made, result
from workers.sandbox.google.gaql import Malformed, parse
from workers.sandbox.google.planned import PLAIN, GoogleFaults, partly_failed, throttled
from workers.sandbox.google.refusals import ROOT, Refusal, invalid, of_access
from workers.sandbox.google.rows import find, hours
from workers.sandbox.google.tokens import TokenEndpoint
from workers.sandbox.google.world import SandboxAccount, World
from workers.sandbox.platform import Effect

_MUTATES: Final = {
    "CampaignBudgetService": ("MutateCampaignBudgets", "campaign_budget"),
    "CampaignService": ("MutateCampaigns", "campaign"),
    "AdGroupService": ("MutateAdGroups", "ad_group"),
    "BiddingStrategyService": ("MutateBiddingStrategies", "bidding_strategy"),
    "CampaignCriterionService": ("MutateCampaignCriteria", "campaign_criterion"),
    "BiddingSeasonalityAdjustmentService": (
        "MutateBiddingSeasonalityAdjustments",
        "bidding_seasonality_adjustment",
    ),
    "AdGroupBidModifierService": ("MutateAdGroupBidModifiers", "ad_group_bid_modifier"),
}
"""Service to its method, and to the field that its results have the resource under."""
_BATCH: Final = 1000
"""Rows that one message of a stream holds."""
_CUT: Final = frozenset({Fault.RESET, Fault.APPLIED_THEN_RESET})


class GoogleSandbox:
    """A `workers.sandbox.platform.SandboxPlatform` that speaks gRPC with TLS."""

    def __init__(self, *accounts: SandboxAccount, port: int = 0, token_port: int = 0) -> None:
        self.faults: FaultQueue = GoogleFaults()
        self.world = World({account.account_id: account for account in accounts})
        self.tokens = TokenEndpoint(self.faults, token_port)
        self.needs_developer_token = True
        """Unless the project that speaks has the access by itself."""
        self._authority = trustme.CA()
        self._grpc = import_module("grpc")
        self._numbers = itertools.count(1)
        self._port = port
        self._server: Any = None
        self._cutting: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Where it listens; the certificate is for this name."""
        return f"localhost:{self._port}"

    @property
    def roots(self) -> bytes:
        """Return the certificate to trust, PEM."""
        return self._authority.cert_pem.bytes()

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every value that was set."""
        return tuple(self.world.effects)

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force."""
        return self.world.value(ref)

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does."""
        self.world.edit(ref, value)

    async def start(self) -> None:
        """Listen on the given port, on a free one, or on that of before."""
        await self.tokens.start()
        await self._listen()

    async def restart(self) -> None:
        """Stop and listen anew."""
        await self.stop()
        await self.start()

    async def stop(self) -> None:
        """Stop listening; open requests are cut."""
        await asyncio.gather(*self._cutting, return_exceptions=True)
        await self._server.stop(None)
        await self.tokens.stop()

    async def _listen(self) -> None:
        issued = self._authority.issue_cert("localhost", "127.0.0.1")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        key = issued.private_key_pem.bytes()
        server = self._grpc.aio.server()
        server.add_generic_rpc_handlers(tuple(self._handlers()))
        trusted = self._grpc.ssl_server_credentials([(key, chain)])
        self._port = server.add_secure_port(f"127.0.0.1:{self._port}", trusted)
        await server.start()
        self._server = server

    def _handlers(self) -> list[Any]:
        types = import_module(f"{ROOT}.services.types.google_ads_service")
        stream = self._grpc.unary_stream_rpc_method_handler(
            self._search,
            request_deserializer=types.SearchGoogleAdsStreamRequest.deserialize,
            response_serializer=types.SearchGoogleAdsStreamResponse.serialize,
        )
        generic = self._grpc.method_handlers_generic_handler
        found = [generic(f"{ROOT}.services.GoogleAdsService", {"SearchStream": stream})]
        for service, (method, field) in _MUTATES.items():
            handler = self._mutate_handler(f"{field}_service", method, field)
            found.append(generic(f"{ROOT}.services.{service}", {method: handler}))
        return found

    def _mutate_handler(self, module: str, method: str, field: str) -> Any:  # noqa: ANN401 -- of grpc
        types = import_module(f"{ROOT}.services.types.{module}")
        response = getattr(types, f"{method}Response")

        async def mutate(request: Any, context: Any) -> Any:  # noqa: ANN401 -- of grpc
            return response(await self._mutate(request, context, field))

        return self._grpc.unary_unary_rpc_method_handler(
            mutate,
            request_deserializer=getattr(types, f"{method}Request").deserialize,
            response_serializer=response.serialize,
        )

    async def _mutate(self, request: Any, context: Any, field: str) -> dict[str, Any]:  # noqa: ANN401 -- of grpc
        request_id = f"request-{next(self._numbers)}"
        context.set_trailing_metadata((("request-id", request_id),))
        planned = None if request.validate_only else self.faults.take(Call.WRITE)
        try:
            account = self._admitted(request, context, planned)
            sets = [checked(self.world, account, one) for one in request.operations]
            await self._before(planned)
        except Refusal as refused:
            await self._abort(context, refused, request_id)
        if request.validate_only or (planned and planned.fault is Fault.EMPTY_SUCCESS):
            return {}
        if planned and planned.fault is Fault.PARTIAL_FAILURE:
            return partly_failed(request_id)
        for one in sets:
            made(self.world, one)
        await self._after(planned)
        pairs = zip(sets, request.operations, strict=True)
        return {"results": [result(one, operation, field) for one, operation in pairs]}

    async def _before(self, planned: Planned | None) -> None:
        """Do what a fault does before anything is changed."""
        if planned is None:
            return
        if planned.fault is Fault.EDITED_MEANWHILE and planned.ref and planned.value is not None:
            self.edit(planned.ref, planned.value)
        if planned.fault is Fault.THROTTLED:
            raise throttled(planned.seconds)
        if planned.fault in PLAIN:
            raise PLAIN[planned.fault]
        if planned.fault in {Fault.HANG, Fault.RESET}:
            await self._withhold(planned)

    async def _after(self, planned: Planned | None) -> None:
        """Do what a fault does once all is changed."""
        if planned is None:
            return
        if planned.fault in {Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET}:
            await self._withhold(planned)
        if planned.fault is Fault.SLOW:
            await asyncio.sleep(planned.seconds)

    async def _withhold(self, planned: Planned) -> None:
        """Give no answer: by silence, or by cutting every connection."""
        if planned.fault in _CUT:
            task = asyncio.create_task(self._cut())
            self._cutting.add(task)
            task.add_done_callback(self._cutting.discard)
        await asyncio.sleep(3600)

    async def _cut(self) -> None:
        """Cut every connection, when another server listens already for those who come anew."""
        cut = self._server
        await self._listen()
        await cut.stop(None)

    def _admitted(self, request: Any, context: Any, planned: Planned | None) -> SandboxAccount:  # noqa: ANN401 -- of grpc
        if planned is not None and planned.fault is Fault.TOKEN_EXPIRED:
            self.tokens.valid.clear()
        if planned is not None and planned.fault is Fault.TOKEN_REVOKED:
            self.tokens.valid.clear()
            self.tokens.revoked = True
        given = dict(context.invocation_metadata())
        bearer = str(given.get("authorization", ""))
        if bearer.removeprefix("Bearer ") not in self.tokens.valid:
            code = "authentication_error/OAUTH_TOKEN_EXPIRED"
            told = f"refused: {bearer} {given.get('developer-token')}"
            raise Refusal(status="UNAUTHENTICATED", code=code, message=told)
        if request.customer_id not in self.world.accounts:
            code = "authorization_error/USER_PERMISSION_DENIED"
            raise Refusal(status="PERMISSION_DENIED", code=code, message="no such account for you")
        if self.needs_developer_token and "developer-token" not in given:
            raise invalid("request_error/DEVELOPER_TOKEN_PARAMETER_MISSING", "no developer token")
        account = self.world.accounts[request.customer_id]
        if account.trouble:
            raise of_access(account.trouble)
        return account

    async def _search(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: ANN401 -- of grpc
        types = import_module(f"{ROOT}.services.types.google_ads_service")
        request_id = f"request-{next(self._numbers)}"
        planned = self.faults.take(Call.READ)
        fault = planned.fault if planned else None
        rows: list[dict[str, Any]] = []
        try:
            account = self._admitted(request, context, planned)
            await self._before(planned)
            rows = self._found(account, request.query, stale=fault is Fault.STALE_READS)
        except Malformed as error:
            refused = invalid("query_error/UNRECOGNIZED_FIELD", str(error))
            await self._abort(context, refused, request_id)
        except Refusal as refused:
            await self._abort(context, refused, request_id)
        told = rows[: len(rows) // 2] if fault is Fault.TRUNCATED else rows
        size = 1 if fault is Fault.SLOW else _BATCH
        for start in range(0, len(told), size):
            if planned is not None and fault is Fault.SLOW:
                await asyncio.sleep(planned.seconds / len(rows))
            batch = told[start : start + size]
            yield types.SearchGoogleAdsStreamResponse(results=batch, request_id=request_id)
        if fault is Fault.TRUNCATED:
            await self._abort(context, Refusal(status="UNAVAILABLE"), request_id)

    def _found(self, account: SandboxAccount, text: str, *, stale: bool) -> list[dict[str, Any]]:
        query = parse(text)
        if "segments.hour" in query.fields:
            return hours(self.world, account, query)
        return find(self.world, account, query, stale=stale)

    async def _abort(self, context: Any, refused: Refusal, request_id: str) -> NoReturn:  # noqa: ANN401 -- of grpc
        status = getattr(self._grpc.StatusCode, refused.status)
        await context.abort(status, refused.message, refused.metadata(request_id))
        raise AssertionError
