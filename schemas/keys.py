"""Record keys: bytes that name a campaign, an account, a group or a scope."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from schemas.errors import Reason, SchemaError
from schemas.fields import MAX_NAME_BYTES

EVERYTHING = b"*"
"""Key of a record that concerns all accounts of all platforms."""

_SURELY_SHORT = MAX_NAME_BYTES // 4
"""Characters that fit the limit whatever they are: UTF-8 takes at most four bytes."""


class CampaignKey(NamedTuple):
    """The three names of a campaign; `campaign_key` writes it, `parse_campaign_key` reads it."""

    platform: str
    account_id: str
    campaign_id: str

    def __bytes__(self) -> bytes:
        return campaign_key(*self)


def campaign_key(platform: str, account_id: str, campaign_id: str) -> bytes:
    """Return ``platform:account_id:campaign_id``; the names must have been checked."""
    return f"{platform}:{account_id}:{campaign_id}".encode()


def account_key(platform: str, account_id: str) -> bytes:
    """Return ``platform:account_id``; the names must have been checked."""
    return f"{platform}:{account_id}".encode()


def parse_campaign_key(key: bytes) -> CampaignKey:
    """Read a campaign key.

    Raises
    ------
    SchemaError
        ``invalid_key`` when it is not ``platform:account_id:campaign_id``.
    """
    try:
        platform, account_id, campaign_id = key.decode().split(":", 2)
    except ValueError:
        detail = f"must be platform:account_id:campaign_id in UTF-8, was {key[:60]!r}"
        raise SchemaError("key", Reason.INVALID_KEY, detail) from None
    try:
        check_names(platform, account_id, campaign_id)
    except SchemaError as error:
        raise SchemaError("key", Reason.INVALID_KEY, str(error)) from None
    return CampaignKey(platform, account_id, campaign_id)


def check_key(given: bytes | None, derived: bytes) -> None:
    """Raise `SchemaError` (``key_mismatch``) when a record's key contradicts its value.

    Parameters
    ----------
    given
        The key that came with the record; None or empty when the producer sent none.
    derived
        The key that the value stands for, the record's ``key``.
    """
    if given and given != derived:
        detail = f"must be {derived!r}, as the value says, was {given[:200]!r}"
        raise SchemaError("key", Reason.KEY_MISMATCH, detail)


def check_names(platform: str, account_id: str, campaign_id: str) -> None:
    """Raise `SchemaError` (``invalid_name``) unless the three names can form a key."""
    check_key_part(platform, "platform")
    check_key_part(account_id, "account_id")
    check_name(campaign_id, "campaign_id")


@lru_cache(maxsize=4_096)
def check_key_part(name: str, field: str) -> None:
    """Raise `SchemaError` unless the name of that field can stand in a key.

    Platforms and accounts are few, and come again and again.
    """
    check_name(name, field)
    if field == "platform" and not name.islower():
        raise SchemaError(field, Reason.INVALID_NAME, f"must be lower-case, was {name!r}")
    if ":" in name and field != "campaign_id":
        raise SchemaError(field, Reason.INVALID_NAME, f"must not hold a colon, was {name!r}")


def check_name(name: str, field: str) -> None:
    """Raise `SchemaError` unless ``name`` is printable, not blank and at most 128 bytes."""
    if not name or not name.isprintable() or name[0] == " " or name[-1] == " ":
        detail = f"must be printable text without blanks around it, was {name[:60]!r}"
        raise SchemaError(field, Reason.INVALID_NAME, detail)
    if len(name) > _SURELY_SHORT and len(name.encode()) > MAX_NAME_BYTES:
        detail = f"may have at most {MAX_NAME_BYTES} bytes in UTF-8, has {len(name.encode())}"
        raise SchemaError(field, Reason.INVALID_NAME, detail)
