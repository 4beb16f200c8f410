"""Where LinkedIn is, which version of it is spoken, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedInOptions:
    """How LinkedIn is reached; the defaults are the real one."""

    address: str = "https://api.linkedin.com/rest"
    token_address: str = "https://www.linkedin.com/oauth/v2/accessToken"  # noqa: S105 -- an address
    version: str = "202610"
    """``LinkedIn-Version``: a month, which LinkedIn ends after about a year."""
    timeout: float = 20.0
    """Seconds for the whole of one request."""
    trust_env: bool = True
    """Whether proxies in the environment are used."""
    daily_requests: int | None = None
    """Requests that the app may make in a UTC day, as its page tells; None where not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedInCredentials:
    """The secrets of one app and member; none of them is in the text of this object.

    Raises
    ------
    ValueError
        A secret is empty or holds what cannot stand in a header; the text does not tell it.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("client_id", "client_secret", "access_token", "refresh_token"):
            if not printable(getattr(self, name)):
                raise ValueError(
                    f"LinkedIn's {name} is empty or holds spaces, line ends or characters beyond"
                    " ASCII: see that the reference leads to the secret alone."
                )


def printable(secret: str) -> bool:
    """Return whether a secret can stand in a header."""
    return bool(secret) and all("!" <= letter <= "~" for letter in secret)
