"""One attempt on the wire by Meta's client, in a thread, with nothing secret in what is raised."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.last_check import Withdrawn
from workers.connectors.meta.answers import failure
from workers.connectors.meta.last_moment import AskingAdapter
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.secrets import RedactingFilter, redact, remember

CLIENTS: Final = ("facebook_business", "requests", "urllib3")
"""Whose loggers may be handed what the client sends."""
_HIDING: Final = RedactingFilter()


@dataclass(frozen=True, slots=True)
class Answer:
    """What Meta said to a request that it took."""

    body: dict[str, Any]
    headers: Mapping[str, str]


class Wire:
    """Meta's client, of which nothing is global; built, it imports the client."""

    def __init__(self, credentials: MetaCredentials, options: MetaOptions) -> None:
        from facebook_business.api import FacebookAdsApi  # noqa: PLC0415 -- only where it is used
        from facebook_business.session import FacebookSession  # noqa: PLC0415

        session = FacebookSession(
            access_token=credentials.access_token,
            app_secret=credentials.app_secret or None,
            timeout=options.timeout,
        )
        session.GRAPH = options.address.rstrip("/")
        session.requests.trust_env = options.trust_env
        session.requests.hooks["response"].append(_guard)
        for prefix in tuple(session.requests.adapters):
            session.requests.mount(prefix, AskingAdapter())
        for secret in (credentials.access_token, credentials.app_secret):
            remember(secret)
        remember(getattr(session, "appsecret_proof", ""))
        _hide_in_logs()
        self._session = session
        self._api = FacebookAdsApi(session, api_version=options.version)
        self._closed = False
        self._deadline = 2 * options.timeout
        self._threads = ThreadPoolExecutor(options.threads, thread_name_prefix="meta")

    async def call(self, method: str, path: tuple[str, ...], params: dict[str, Any]) -> Answer:
        """Make one attempt.

        Raises
        ------
        ConnectorError
            By what became of it.
        """
        if self._closed:
            raise Rejected("the connector is closed; make a new one")
        loop = asyncio.get_running_loop()
        run = copy_context().run
        attempt = loop.run_in_executor(self._threads, run, self._attempt, method, path, params)
        try:
            found = await asyncio.wait_for(attempt, self._deadline)
        except TimeoutError:
            found = Ambiguous("Meta's answer took too long: only reading tells what was done.")
        if isinstance(found, ConnectorError):
            raise _clean(found) from None
        if isinstance(found, Withdrawn):
            raise found from None
        return found

    def _attempt(
        self, method: str, path: tuple[str, ...], params: dict[str, Any]
    ) -> Answer | ConnectorError | Withdrawn:
        """Return errors rather than raise them: a raised one would remember the client's own."""
        try:
            response = self._api.call(method, path, params=params)
        except (ConnectorError, Withdrawn) as error:
            return error.with_traceback(None)
        except requests.RequestException as error:
            return _unanswered(error)
        return Answer(dict(response.json()), _lower(response.headers()))

    def close(self) -> None:
        """Let go of threads and connections."""
        self._closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._session.requests.close()


def _clean(error: ConnectorError) -> ConnectorError:
    """Take out secrets that Meta itself may have told back."""
    error.detail = redact(error.detail)
    error.code, error.request_id = redact(error.code), redact(error.request_id)
    if isinstance(error, Rejected):
        error.field = redact(error.field)
    error.args = (error.detail,)
    return error


def _hide_in_logs() -> None:
    """Keep secrets out of what the client and the libraries below it log, whoever handles it.

    The client writes the token into the address of each request, which urllib3 logs at DEBUG. A
    filter hangs on one logger alone, so each of theirs is given it; it stays when a connector is
    closed, because others may be open.
    """
    for name in (*CLIENTS, *logging.root.manager.loggerDict):
        if name.partition(".")[0] in CLIENTS:
            logging.getLogger(name).addFilter(_HIDING)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _guard(response: requests.Response, **_: object) -> None:
    """Raise for whatever the client takes for a success although it is none; follow no redirect."""
    error = failure(response.status_code, response.text, _lower(response.headers))
    if error is not None:
        raise error


def _unanswered(error: requests.RequestException) -> ConnectorError:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NewConnectionError | ConnectTimeoutError):
        return Throttled(
            "Meta cannot be reached: no connection, so nothing was sent. See the network."
        )
    if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY" in str(reason):
        return AuthFailed(
            "Meta's certificate is not trusted, so nothing was sent: see for a proxy."
        )
    return Ambiguous(
        f"The connection to Meta failed ({type(error).__name__}): only reading tells what was done."
    )
