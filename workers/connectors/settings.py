"""Which platforms and accounts Pacekeeper may act for: one TOML file, without any secret in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from workers.connectors.options import Reference
from workers.errors import UsageError


class AccountMode(StrEnum):
    """What is done with released changes of an account."""

    SHADOW = "shadow"
    """All but the call that would make the change; what would have been sent is told."""
    LIVE = "live"


class CallLimits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may be asked of one account of a platform, beside what the platform itself says."""

    calls_per_second: Annotated[float, Meta(gt=0, le=1000)] = 5.0
    burst: Annotated[int, Meta(ge=1, le=1000)] = 10
    calls_per_day: Annotated[int, Meta(ge=1)] | None = None


class PlatformSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One platform: its connector, its accounts, and where the secrets are."""

    accounts: Annotated[dict[str, AccountMode], Meta(min_length=1)]
    connector: str = ""
    """A built-in one or a plug-in; empty: the one of the platform's name."""
    plug_in: bool = False
    """Whether the connector is a plug-in, which so is allowed to be loaded."""
    options: dict[str, Any] = {}
    secrets: dict[str, Reference] = {}
    limits: CallLimits = CallLimits()


Platforms = Mapping[str, PlatformSettings]
"""By the platform's name, as campaigns' keys have it."""


def read_platforms(path: Path) -> Platforms:
    """Read the file.

    Raises
    ------
    UsageError
        It cannot be read, or something in it is wrong; the text shows no value that could be a
        secret.
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(
            f"cannot read {path}, which executor.platforms names: {error.strerror}",
            remedy="create it as docs/going-live.md shows, or correct the setting",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}", remedy="correct it") from None
    if not told:
        raise UsageError(f"{path} names no platform", remedy="add one as docs/going-live.md shows")
    return {name: _platform(path, name, section) for name, section in told.items()}


def _platform(path: Path, name: str, section: object) -> PlatformSettings:
    _refuse_plain_secrets(path, name, section)
    try:
        settings = msgspec.convert(section, PlatformSettings)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}, [{name}]: {error}", remedy="correct the file") from None
    if settings.connector:
        return settings
    return msgspec.structs.replace(settings, connector=name)


def _refuse_plain_secrets(path: Path, name: str, section: object) -> None:
    """Refuse what is no reference, before anything can quote it."""
    secrets = section.get("secrets", {}) if isinstance(section, dict) else {}
    for secret, reference in secrets.items() if isinstance(secrets, dict) else ():
        try:
            msgspec.convert(reference, Reference)
        except msgspec.ValidationError:
            raise UsageError(
                f"{path}, [{name}.secrets] {secret} is no reference, and is not shown because it "
                "may be the secret itself",
                remedy="write env:NAME or file:/absolute/path, and keep the secret there",
            ) from None
