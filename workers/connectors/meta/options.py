"""Where Meta is, which version of it is spoken, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaOptions:
    """How Meta is reached; the defaults are the real one."""

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
    """Most requests at the same time; 1 to 10."""


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
