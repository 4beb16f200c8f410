"""Connectors built from settings: options checked by name, secrets resolved from references."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from schemas.fields import Entity
from workers.connectors.errors import AuthFailed
from workers.connectors.options import WebhookOptions
from workers.connectors.protocol import Connector, Lever
from workers.connectors.registry import built_in, plug_ins
from workers.connectors.secrets import Secret, resolve
from workers.connectors.settings import PlatformSettings
from workers.connectors.simulate import EVERYTHING
from workers.errors import UsageError

Levers = Collection[tuple[Entity, Lever]]

_OPTIONS: Final = {
    "meta": ("workers.connectors.meta.options", "MetaCredentials", "MetaOptions"),
    "google": ("workers.connectors.google.options", "GoogleCredentials", "GoogleOptions"),
    "linkedin": ("workers.connectors.linkedin.options", "LinkedInCredentials", "LinkedInOptions"),
}
_FROM_FILES: Final = {"roots": "roots_file"}
"""Options that are the content of a file, by the option that names it."""


def class_of(platform: str, settings: PlatformSettings) -> type[Any]:
    """Return the connector's class.

    Raises
    ------
    UsageError
        There is none of that name, its client is not installed, or the plug-in cannot be used.
    """
    if not settings.plug_in:
        return built_in(settings.connector)
    found = plug_ins([settings.connector])
    if fault := found.quarantined.get(settings.connector):
        raise UsageError(
            f"[{platform}]: plug-in {settings.connector} cannot be used: {fault}",
            remedy="mend or install it; see docs/connectors.md",
        )
    return found.usable[settings.connector]


def levers_of(platform: str, settings: PlatformSettings) -> Levers:
    """Return what can be set on the platform; everything where only a connected one can tell."""
    capabilities = getattr(class_of(platform, settings), "capabilities", None)
    levers: Levers = getattr(capabilities, "levers", EVERYTHING)
    return levers


def build(platform: str, settings: PlatformSettings) -> Connector:
    """Return the connector, ready to be asked; nothing goes over the wire yet.

    Raises
    ------
    UsageError
        An option is unknown or wrong, or a secret is missing.
    """
    kind = class_of(platform, settings)
    where = f"[{platform}]"
    secrets = {name: _secret(where, name, told) for name, told in settings.secrets.items()}
    try:
        if settings.plug_in:
            return cast(Connector, kind.from_settings(settings.options, secrets))
        if settings.connector == "webhook":
            told = {**settings.options, "secret": settings.secrets.get("secret")}
            return cast(Connector, kind(msgspec.convert(told, WebhookOptions)))
        return cast(Connector, kind(*_arguments(where, settings, secrets)))
    except (ValueError, TypeError, OSError, AuthFailed) as error:
        # Their texts show no secret: they are ours, and those of the types of options.
        raise UsageError(f"{where}: {error}", remedy="see docs/going-live.md") from None


def _secret(where: str, name: str, reference: str) -> Secret:
    try:
        return resolve(reference)
    except AuthFailed as error:
        raise UsageError(
            f"{where} {name}: {error.detail}", remedy="set it, then start anew"
        ) from None


def _arguments(
    where: str, settings: PlatformSettings, secrets: Mapping[str, Secret]
) -> tuple[object, object]:
    """Return credentials and options of one of the platforms that come with Pacekeeper."""
    if settings.connector not in _OPTIONS:
        raise UsageError(
            f"{where}: connector {settings.connector} is for trying, not for a platform",
            remedy=f"use one of webhook, {', '.join(_OPTIONS)}",
        )
    module, credentials, options = _OPTIONS[settings.connector]
    kinds = importlib.import_module(module)
    secret_kind, option_kind = getattr(kinds, credentials), getattr(kinds, options)
    told = dict(settings.options)
    for name, file in _FROM_FILES.items():
        if file in told:
            told[name] = Path(told.pop(file)).read_bytes()
    of_secrets = {name: secret.reveal() for name, secret in secrets.items()}
    named = {field.name: field.default is MISSING for field in fields(secret_kind)}
    _refuse_plain(f"{where[:-1]}.options]", told, secret_kind)
    of_secrets |= {name: told.pop(name) for name in tuple(told) if name in named}
    if missing := [name for name, needed in named.items() if needed and name not in of_secrets]:
        raise UsageError(
            f"{where[:-1]}.secrets] lacks {', '.join(missing)}",
            remedy="add a reference to each, such as env:NAME",
        )
    _refuse_unknown(f"{where[:-1]}.secrets]", of_secrets, named)
    _refuse_unknown(f"{where[:-1]}.options]", told, {field.name for field in fields(option_kind)})
    return secret_kind(**of_secrets), msgspec.convert(told, option_kind)


def _refuse_plain(where: str, told: Collection[str], secret_kind: type[Any]) -> None:
    """Refuse options in whose place only references may stand, without showing them."""
    secret = {field.name for field in fields(secret_kind) if not field.repr}
    if plain := sorted(secret.intersection(told)):
        raise UsageError(
            f"{where} has {', '.join(plain)}, which may be the secret itself",
            remedy="name it among the secrets by a reference, such as env:NAME",
        )


def _refuse_unknown(where: str, told: Mapping[str, object], known: Collection[str]) -> None:
    for name in told:
        if name not in known:
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise UsageError(f"{where} has an unknown {name}", remedy=hint)
