"""Where Meta is, which version of it is spoken, and who asks."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from workers.connectors.options import LOOPBACK

LONGEST: Final = 120.0
"""Seconds that may be waited for bytes."""
MOST_THREADS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaOptions:
    """How Meta is reached; the defaults are the real one.

    Raises
    ------
    ValueError
        An option is none that Meta could be spoken to by; the text names it.
    """

    address: str = "https://graph.facebook.com"
    version: str = "v26.0"
    """Of the Graph interface, which Meta ends after about a year."""
    timeout: float = 20.0
    """Seconds to connect, and for each wait for bytes; the whole call has twice that."""
    trust_env: bool = False
    """Whether proxies in the environment are used."""
    app_id: str = ""
    """Of our app: tells our own changes from other apps'."""
    threads: int = 8
    """Most requests at the same time; 1 to 10, as many as the client keeps connections."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"v[1-9][0-9]*\.[0-9]+", self.version):
            raise ValueError(f"version is written like v26.0, was {self.version!r}")
        parts = urlsplit(self.address)
        plain = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or not (parts.scheme == "https" or plain):
            raise ValueError(
                f"address wants https://, or http:// on loopback; was {self.address!r}"
            )
        if not 0 < self.timeout <= LONGEST:
            raise ValueError(f"timeout is above 0 and at most {LONGEST} s, was {self.timeout}")
        if not 1 <= self.threads <= MOST_THREADS:
            raise ValueError(f"threads are 1 to {MOST_THREADS}, were {self.threads}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaCredentials:
    """The secrets of one app and user; none of them is in the text of this object.

    Raises
    ------
    ValueError
        The token is empty or holds what no token holds; the text does not tell it.
    """

    access_token: str = field(repr=False)
    app_secret: str = field(repr=False, default="")

    def __post_init__(self) -> None:
        for name in ("access_token", "app_secret"):
            secret = getattr(self, name)
            if not all("!" <= letter <= "~" for letter in secret):
                raise ValueError(
                    f"Meta's {name} holds spaces, line ends or characters beyond ASCII."
                )
        if not self.access_token:
            raise ValueError("Meta's access_token is empty: see that the reference leads to it.")
