"""How a platform refuses, and what that says of whether the change was made.

What the executor does next hangs on the class alone: wait, read again, ask a person, or stop an
account. Texts are for people and for the audit trail: whoever raises sees to it that no secret is
in them, and chains no exception of a client whose text holds the address that was called.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A platform, or the way to it, did not do what was asked.

    Parameters
    ----------
    detail
        What was wrong and what to do about it, for a person; holds no secret.
    code
        The platform's own code, such as ``100/1885272``; empty where it gave none.
    request_id
        By which the platform's support finds the request; empty where it gave none.
    """

    def __init__(self, detail: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.request_id = request_id


class Throttled(ConnectorError):
    """Too many requests: nothing was changed, and it may be tried again later.

    ``retry_after`` are the seconds that the platform asked to wait, None where it did not say.
    """

    def __init__(
        self,
        detail: str,
        *,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, code=code, request_id=request_id)
        self.retry_after = retry_after


class Conflict(ConnectorError):
    """Somebody else was changing the same thing: nothing was changed; read it again."""


class Ambiguous(ConnectorError):
    """It is not known whether the change was made: only reading tells."""


class Rejected(ConnectorError):
    """The platform will not do this, however often it is asked: nothing was changed.

    ``field`` is what was at fault, by the platform's own name where it gave one.
    """

    def __init__(
        self, detail: str, *, code: str = "", request_id: str = "", field: str = ""
    ) -> None:
        super().__init__(detail, code=code, request_id=request_id)
        self.field = field


class AuthFailed(ConnectorError):
    """Nothing of the account can be changed until a person sees to it.

    Credentials are missing, expired or not enough, or what is spoken has ended.
    """
