"""The official client's services in the running loop, and one bounded attempt by them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

from workers.connectors.errors import AuthFailed, ConnectorError, Rejected, Throttled
from workers.connectors.google.failures import Failed, from_answer, from_call, refusal
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.google.places import Message
from workers.connectors.google.request_ids import capturing, interceptor
from workers.connectors.google.services import SERVICES, Service
from workers.connectors.google.tokens import Tokens
from workers.connectors.last_check import is_asked, must_still_hold

_MODULES: Final = {
    "GoogleAdsService": "google_ads_service",
    **{service.name: service.module for service in SERVICES.values()},
}
Answer = TypeVar("Answer")
_CONNECTS_WITHIN: Final = 1.0
"""Seconds for which a change waits for the connection before it asks for the last time."""
_TALKATIVE: Final = ("google.ads.", "google.auth.", "google.oauth2.", "google.api_core.")


class Wire:
    """Speaks with the platform; what fails comes out as a `ConnectorError` that holds no secret."""

    def __init__(self, credentials: GoogleCredentials, options: GoogleOptions) -> None:
        root = f"google.ads.googleads.{options.version}"
        services = import_module(f"{root}.services.services")
        self._clients = {
            name: getattr(import_module(f"{services.__name__}.{module}"), f"{name}AsyncClient")
            for name, module in _MODULES.items()
        }
        self._failure = import_module(f"{root}.errors.types.errors").GoogleAdsFailure
        self._failure_key = f"{root}.errors.googleadsfailure-bin"
        self._caught = (
            import_module("google.api_core.exceptions").GoogleAPICallError,
            import_module("grpc").RpcError,
        )
        self._options, self._credentials = options, credentials
        self._closed = False
        self._tokens = Tokens(credentials, options)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Mapping[str, Message]] = (
            WeakKeyDictionary()
        )
        _silence()

    async def mutate(self, service: Service, request: object) -> tuple[Message, str]:
        """Return the answer to one attempt at a change, and the request's id.

        An answer may be a success and say within that the change was refused: that is raised.
        """
        answer, request_id = await self._guarded(lambda: self._unary(service, request))
        failed = from_answer(answer, self._failure, request_id)
        if failed is not None:
            raise self._redacted(refusal(failed))
        return answer, request_id

    async def search(self, account_id: str, query: str) -> list[Message]:
        """Return the rows that a query finds."""
        return await self._guarded(lambda: self._rows(account_id, query))

    async def _unary(self, service: Service, request: object) -> tuple[Message, str]:
        services = self._services()
        call = getattr(services[service.name], service.method)
        if is_asked():
            # To connect may take long; what fails of it, the call itself tells.
            with suppress(TimeoutError):
                channel = services["GoogleAdsService"].transport.grpc_channel
                await asyncio.wait_for(channel.channel_ready(), _CONNECTS_WITHIN)
            must_still_hold()
        with capturing() as seen:
            answer = await call(request=request, timeout=self._options.timeout)
        return answer, seen[-1] if seen else ""

    async def _rows(self, account_id: str, query: str) -> list[Message]:
        request = {"customer_id": account_id, "query": query}
        search = self._services()["GoogleAdsService"].search_stream
        stream = await search(request=request, timeout=self._options.timeout)
        return [row async for batch in stream for row in batch.results]

    async def _guarded(self, attempt: Callable[[], Awaitable[Answer]]) -> Answer:
        if self._closed:
            raise Rejected("the connector is closed; make a new one")
        await self._tokens.ensure()
        try:
            return await attempt()
        except self._caught as error:
            call = error.errors[0] if getattr(error, "errors", None) else error
            failed = from_call(call, self._failure, self._failure_key)
        # Raised outside of the handler, so that the client's exception hangs on to nothing.
        raise await self._told(failed)

    async def _told(self, failed: Failed) -> ConnectorError:
        error = self._redacted(refusal(failed))
        if not failed.token_refused:
            return error
        try:
            await self._tokens.renew()
        except AuthFailed:
            return error
        except Throttled as unavailable:
            return unavailable
        told = "the access token was refused and is renewed; nothing was changed: try again"
        return Throttled(told, code=error.code, request_id=error.request_id, retry_after=0.0)

    def _redacted(self, error: ConnectorError) -> ConnectorError:
        for secret in (*self._tokens.secrets(), self._credentials.developer_token):
            if secret:
                error.detail = error.detail.replace(secret, "[secret]")
        error.args = (error.detail,)
        return error

    def _services(self) -> Mapping[str, Message]:
        """Return the services of the running loop: they are bound to the one they are made in."""
        loop = asyncio.get_running_loop()
        if loop not in self._loops:
            transports = {
                name: client.get_transport_class("grpc_asyncio")
                for name, client in self._clients.items()
            }
            channel = self._channel(transports["GoogleAdsService"])
            self._loops[loop] = {
                name: client(transport=transports[name](channel=channel))
                for name, client in self._clients.items()
            }
            _silence()
        return self._loops[loop]

    def _channel(self, transport: Message) -> Message:
        """Open the official transport's channel, with the client's headers but not its logging."""
        headers = import_module("google.ads.googleads.interceptors.metadata_interceptor")
        given = (self._credentials.developer_token, self._credentials.login_customer_id, None)
        grpc = import_module("grpc")
        return transport.create_channel(
            host=self._options.endpoint,
            credentials=self._tokens.bearer,
            ssl_credentials=grpc.ssl_channel_credentials(self._options.roots),
            options=[
                ("grpc.max_receive_message_length", 64 * 1024 * 1024),
                ("grpc.initial_reconnect_backoff_ms", 100),
                ("grpc.min_reconnect_backoff_ms", 100),
                ("grpc.enable_http_proxy", int(self._options.proxies)),
                ("grpc.enable_retries", 0),
                # Two connectors in one process share no connection.
                ("grpc.use_local_subchannel_pool", 1),
            ],
            interceptors=[
                interceptor(),
                headers.AsyncUnaryUnaryMetadataInterceptor(*given),
                headers.AsyncUnaryStreamMetadataInterceptor(*given),
            ],
        )

    async def aclose(self) -> None:
        """Close the running loop's channel; those of loops that ended are gone with them."""
        self._closed = True
        services = self._loops.pop(asyncio.get_running_loop(), None)
        if services is not None:
            await services["GoogleAdsService"].transport.close()
        self._tokens.close()


def _silence() -> None:
    """Let the client's loggers write nothing: they write customers, headers and answers of tokens.

    Each is disabled by itself, for a level is inherited only until somebody sets another one.
    """
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(_TALKATIVE):
            logging.getLogger(name).disabled = True
