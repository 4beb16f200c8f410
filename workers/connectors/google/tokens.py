"""Access tokens: asked for beside the event loop and bounded, never written anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from importlib import import_module

from workers.connectors.errors import AuthFailed, ConnectorError, Throttled
from workers.connectors.google.options import GoogleCredentials, GoogleOptions
from workers.connectors.google.places import Message


class Tokens:
    """Holds one access token, and asks for another when it is old or was refused."""

    def __init__(self, credentials: GoogleCredentials, options: GoogleOptions) -> None:
        oauth = import_module("google.oauth2.credentials")
        transport = import_module("google.auth.transport.requests")
        self._errors = import_module("google.auth.exceptions")
        self._fresh = import_module("google.auth.credentials").TokenState.FRESH
        session = import_module("requests").Session()
        session.trust_env = options.proxies
        self._session = session
        self._request = partial(transport.Request(session), timeout=options.timeout)
        self._timeout = options.timeout
        self.bearer: Message = oauth.Credentials(None)
        """For channels: the token alone, so that none is asked for beside `ensure` and `renew`."""
        self._credentials: Message = oauth.Credentials(
            None,
            refresh_token=credentials.refresh_token,
            client_id=credentials.client_id,
            client_secret=credentials.client_secret,
            token_uri=options.token_address,
        )

    async def ensure(self) -> None:
        """Have a token that is good by the clock, before a request that needs one.

        Raises
        ------
        AuthFailed
            None is given: the refresh token was revoked, or the client is not known.
        Throttled
            None could be had just now; nothing was sent to the platform.
        """
        if self._credentials.token_state is not self._fresh:
            await self.renew()

    async def renew(self) -> None:
        """Ask for a new token, whatever the clock says of the old one; raises as `ensure`."""
        try:
            async with asyncio.timeout(self._timeout):
                await asyncio.to_thread(self._credentials.refresh, self._request)
        except self._errors.GoogleAuthError as error:
            refused = self._refusal(error)
        except TimeoutError:
            refused = Throttled("no access token came in time; nothing was sent: try again")
        else:
            self.bearer.token = self._credentials.token
            return
        raise refused

    def _refusal(self, error: Message) -> ConnectorError:
        """Say what went wrong without the answer's text, which repeats what it likes.

        Only what the endpoint itself says is a refusal: a proxy's page comes by the same exception.
        """
        answer = error.args[1] if len(error.args) > 1 else None
        said = isinstance(answer, Mapping) and "error" in answer
        if isinstance(error, self._errors.RefreshError) and said and not error.retryable:
            return AuthFailed("no access token is given for the refresh token: consent again")
        return Throttled("no access token could be had; nothing was sent: try again")

    def secrets(self) -> tuple[str | None, ...]:
        """Return what must be in no text, as far as there is any."""
        held = self._credentials
        return held.token, held.refresh_token, held.client_secret

    def close(self) -> None:
        """Let go of connections."""
        self._session.close()
