"""One request to LinkedIn at a time: its headers, its token, its time limit and the day's count.

No error of the client leaves this module, because their texts may hold what was sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import httpx

from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Rejected, Throttled
from workers.connectors.last_check import ASKING
from workers.connectors.linkedin.answers import Answer, parsed, refusal
from workers.connectors.linkedin.options import LinkedInCredentials, LinkedInOptions, printable

FIRST_WAIT: Final = 60.0
"""Seconds after the first answer in a row that says too many requests; doubled by each further."""


class Wire:
    """Speaks to LinkedIn for one member; renews the access token once per expiry."""

    def __init__(
        self,
        credentials: LinkedInCredentials,
        options: LinkedInOptions,
        now: Callable[[], datetime],
    ) -> None:
        self.options = options
        self._credentials = credentials
        self._token = credentials.access_token
        self._renewing = asyncio.Lock()
        self._now = now
        self._day: date | None = None
        self._count = 0
        self._throttled = 0
        self._client = httpx.AsyncClient(timeout=options.timeout, trust_env=options.trust_env)

    @property
    def requests_today(self) -> int:
        """Requests in the UTC day so far, those that renew the token left out."""
        return self._count if self._day == self._now().astimezone(UTC).date() else 0

    @property
    def usage(self) -> float | None:
        """Share of the day's requests that is used up; None where the limit is not known."""
        limit = self.options.daily_requests
        return self.requests_today / limit if limit else None

    async def send(
        self, method: str, path: str, rest: str, body: Mapping[str, Any] | None = None
    ) -> Answer:
        """Return the answer to a request; one that the token's expiry refused is sent once more.

        Raises
        ------
        ConnectorError
            LinkedIn refused, or did not answer; `Ambiguous` where it may have done it.
        """
        token = self._token
        answer = await self._once(method, path, self._headers(rest, token), body)
        if answer.status == 401:  # noqa: PLR2004 -- nothing was done under an expired token
            token = await self._renewed(token)
            answer = await self._once(method, path, self._headers(rest, token), body)
        error = refusal(answer, wait=self._wait(answer.status), version=self.options.version)
        if error is not None:
            raise error
        return answer

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()

    def _headers(self, rest: str, token: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {token}",
            "LinkedIn-Version": self.options.version,
            "X-RestLi-Protocol-Version": "2.0.0",
            "X-RestLi-Method": rest,
            "Content-Type": "application/json",
        }

    async def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Answer:
        if self._client.is_closed:
            raise Rejected("the connector is closed; make a new one")
        self._count, self._day = self.requests_today + 1, self._now().astimezone(UTC).date()
        content = None if body is None else json.dumps(body).encode()
        request = self._client.build_request(
            method,
            f"{self.options.address}{path}",
            headers=dict(headers),
            content=content,
            extensions=dict(ASKING),
        )
        return await self._exchanged(request)

    async def _exchanged(self, request: httpx.Request) -> Answer:
        failure: ConnectorError
        try:
            async with asyncio.timeout(self.options.timeout):
                response = await self._client.send(request)
            return parsed(
                response.status_code, response.content, response.headers.get("x-li-uuid", "")
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
            failure = _not_reached(str(error))
        except (httpx.HTTPError, httpx.StreamError, TimeoutError) as error:
            failure = Ambiguous(
                f"LinkedIn gave no whole answer ({type(error).__name__}); read what is in force."
            )
        raise failure  # outside of the handlers, so that the client's error is not its context

    async def _renewed(self, refused: str) -> str:
        async with self._renewing:
            if self._token == refused:
                self._token = await self._asked_anew()
            return self._token

    async def _asked_anew(self) -> str:
        secrets = self._credentials
        request = self._client.build_request(
            "POST",
            self.options.token_address,
            data={
                "grant_type": "refresh_token",
                "refresh_token": secrets.refresh_token,
                "client_id": secrets.client_id,
                "client_secret": secrets.client_secret,
            },
        )
        answer = await self._token_answer(request)
        error = refusal(answer, wait=FIRST_WAIT, version=self.options.version)
        if isinstance(error, Throttled | Ambiguous):
            raise _no_token()
        token = str((answer.body or {}).get("access_token", ""))
        if error is not None or not printable(token):
            raise AuthFailed(
                "LinkedIn gives no new access token for the refresh token: authorize the app anew.",
                code=str(answer.status),
                request_id=answer.request_id,
            )
        return token

    async def _token_answer(self, request: httpx.Request) -> Answer:
        try:
            return await self._exchanged(request)
        except Ambiguous:
            failure = _no_token()
        raise failure

    def _wait(self, status: int) -> float:
        self._throttled = self._throttled + 1 if status == 429 else 0  # noqa: PLR2004
        now = self._now().astimezone(UTC)
        midnight = datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)
        doubled = FIRST_WAIT * 2.0 ** min(self._throttled - 1, 20)
        return min(doubled, (midnight - now).total_seconds())


def _no_token() -> ConnectorError:
    """Return the error of a change that was refused for its token, where none is to be had."""
    return Throttled(
        "LinkedIn gives no new access token just now; nothing was changed: try again.",
        retry_after=FIRST_WAIT,
    )


def _not_reached(text: str) -> ConnectorError:
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return AuthFailed(
            "The certificate of LinkedIn's address is not trusted; nothing was sent: see to the"
            " system's certificates, or to the proxy between."
        )
    return Throttled(
        "LinkedIn's address cannot be reached, so nothing was sent: see to the network and to"
        " proxies in the environment (option `trust_env`)."
    )
