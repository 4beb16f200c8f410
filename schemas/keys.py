"""Record keys: bytes that name a campaign, an account, a group or a scope."""

from __future__ import annotations

from typing import NamedTuple

from schemas.errors import Reason, SchemaError
from schemas.fields import MAX_NAME_BYTES

EVERYTHING = "*"
"""Key of a record that concerns all accounts of all platforms."""


class CampaignKey(NamedTuple):
    """The three names of a campaign; `campaign_key` writes it, `parse_campaign_key` reads it."""

    platform: str
    account_id: str
    campaign_id: str

    def __bytes__(self) -> bytes:
        return ":".join(self).encode()

    @property
    def account(self) -> bytes:
        """Key of the campaign's account."""
        return f"{self.platform}:{self.account_id}".encode()


def campaign_key(platform: str, account_id: str, campaign_id: str) -> bytes:
    """Return ``platform:account_id:campaign_id``; the names must have been checked."""
    return f"{platform}:{account_id}:{campaign_id}".encode()


def account_key(platform: str, account_id: str) -> bytes:
    """Return ``platform:account_id``, the key of shapes, priors and conditions."""
    return f"{platform}:{account_id}".encode()


def parse_campaign_key(key: bytes) -> CampaignKey:
    """Read a campaign key.

    Raises
    ------
    SchemaError
        ``invalid_key`` when it is not ``platform:account_id:campaign_id``.
    """
    try:
        parts = key.decode().split(":", 2)
    except UnicodeDecodeError:
        raise _invalid_key(key) from None
    if len(parts) != 3:
        raise _invalid_key(key)
    try:
        check_names(*parts)
    except SchemaError as error:
        raise SchemaError("key", Reason.INVALID_KEY, str(error)) from None
    return CampaignKey(*parts)


def check_names(platform: str, account_id: str, campaign_id: str) -> None:
    """Raise `SchemaError` (``invalid_name``) unless the three names can form a key."""
    check_name(platform, "platform")
    if not platform.islower():
        raise SchemaError("platform", Reason.INVALID_NAME, f"must be lower-case, was {platform!r}")
    check_name(account_id, "account_id")
    if ":" in platform or ":" in account_id:
        field = "platform" if ":" in platform else "account_id"
        raise SchemaError(field, Reason.INVALID_NAME, "must not contain a colon")
    check_name(campaign_id, "campaign_id")


def check_name(name: str, field: str) -> None:
    """Raise `SchemaError` unless ``name`` is printable, not blank and at most 128 bytes."""
    if not name or name != name.strip() or not name.isprintable():
        detail = f"must be printable text without blanks around it, was {name[:60]!r}"
        raise SchemaError(field, Reason.INVALID_NAME, detail)
    if len(name) > MAX_NAME_BYTES // 4 and len(name.encode()) > MAX_NAME_BYTES:
        detail = f"may have at most {MAX_NAME_BYTES} bytes in UTF-8, has {len(name.encode())}"
        raise SchemaError(field, Reason.INVALID_NAME, detail)


def _invalid_key(key: bytes) -> SchemaError:
    detail = f"must be platform:account_id:campaign_id in UTF-8, was {key[:60]!r}"
    return SchemaError("key", Reason.INVALID_KEY, detail)
