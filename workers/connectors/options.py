"""What each connector is set up with: places and references, never a secret itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from workers.connectors.protocol import Lever

Reference = Annotated[str, Meta(pattern=r"^env:[A-Za-z_][A-Za-z0-9_]*$|^file:/.+$")]
Seconds = Annotated[float, Meta(gt=0, le=120)]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class AccountOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account of a platform that does not describe its accounts itself."""

    account_id: str
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    timezone: str = "UTC"
    name: str = ""
    step: Annotated[Decimal, Meta(description="smallest difference of amounts")] = Decimal("0.01")
    minimums: dict[Lever, Decimal] = {}

    def __post_init__(self) -> None:
        """Refuse a step that cannot be counted in."""
        if not (self.step.is_finite() and self.step > 0):
            raise ValueError(f"step must be above 0, was {self.step}")


class WebhookOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A receiver of signed requests."""

    url: str
    secret: Reference
    """Of Standard Webhooks: base64, with or without ``whsec_`` before it."""
    accounts: tuple[AccountOptions, ...]
    state_url: str = ""
    """Where what is in force is asked; empty: the receiver cannot tell."""
    timeout_seconds: Seconds = 10.0

    def __post_init__(self) -> None:
        """Refuse addresses at which others could listen."""
        for url in filter(None, (self.url, self.state_url)):
            parts = urlsplit(url)
            if parts.username or parts.password:
                raise ValueError("an address of a webhook holds no user and no password")
            plain = parts.scheme == "http" and parts.hostname in LOOPBACK
            if not parts.hostname or not (parts.scheme == "https" or plain):
                raise ValueError(f"a webhook wants https://, or http:// on loopback; was {url!r}")
