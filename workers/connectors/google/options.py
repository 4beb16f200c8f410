"""What a connector to Google Ads is given: credentials, and where and how to speak."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleCredentials:
    """By whom and through which application changes are made; no text of it shows a secret."""

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    developer_token: str = field(default="", repr=False)
    """Empty where the project in Google Cloud has the access by itself."""
    login_customer_id: str | None = None
    """The manager account that access comes through; digits only."""

    def __post_init__(self) -> None:
        """Refuse credentials with a part missing, before anything is sent."""
        for name in ("client_id", "client_secret", "refresh_token"):
            if not getattr(self, name).strip():
                raise ValueError(f"credentials of Google Ads: {name} is empty; give it a value")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleOptions:
    """Where to speak and how; the defaults are the real platform's."""

    version: str = "v26"
    endpoint: str = "googleads.googleapis.com"
    token_address: str = "https://oauth2.googleapis.com/token"  # noqa: S105 -- an address
    roots: bytes | None = None
    """Certificates to trust in place of the usual ones, PEM."""
    timeout: float = 30.0
    """Seconds that one request may take, and as many again for a new token."""
    proxies: bool = True
    """Whether proxies that the environment names are gone through."""
    shared_budgets: bool = False
    """Whether budgets that several campaigns spend from may be changed."""
    shared_strategies: bool = False
    """Whether targets of portfolio strategies that several campaigns bid by may be changed."""
    own_email: str = ""
    """Of the user that the credentials are of: whose changes are ours."""
