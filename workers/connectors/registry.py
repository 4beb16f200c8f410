"""Connectors by name: built-in ones imported where they are used, others by entry point."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from workers.connectors.protocol import API_VERSION
from workers.connectors.secrets import redact
from workers.errors import UsageError

GROUP: Final = "pacekeeper.connectors"
BUILT_IN: Final = {
    "simulate": "workers.connectors.simulate:SimulateConnector",
    "webhook": "workers.connectors.webhook:WebhookConnector",
    "meta": "workers.connectors.meta.connector:MetaConnector",
    "google": "workers.connectors.google.connector:GoogleConnector",
    "linkedin": "workers.connectors.linkedin.connector:LinkedInConnector",
}
AWAITED: Final = (
    "describe_account",
    "read_state",
    "validate",
    "apply",
    "read_performance",
    "read_history",
    "aclose",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlugIns:
    """What was found of the plug-ins that settings allow."""

    usable: dict[str, type[Any]] = field(default_factory=dict)
    quarantined: dict[str, str] = field(default_factory=dict)
    """Name to why it is not used."""


def built_in(name: str) -> type[Any]:
    """Return the class of a connector that comes with Pacekeeper.

    Raises
    ------
    UsageError
        There is none of that name, or its client is not installed.
    """
    if name not in BUILT_IN:
        known = ", ".join(BUILT_IN)
        raise UsageError(
            f"there is no connector {name!r}",
            remedy=f"use one of {known}, or allow the plug-in of that name in the settings",
        )
    module, _, attribute = BUILT_IN[name].partition(":")
    try:
        found: type[Any] = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise UsageError(
            f"connector {name} cannot be imported: {redact(str(error))}",
            remedy=f"pip install 'pacekeeper[{name}]'",
        ) from None
    return found


def plug_ins(allowed: Collection[str]) -> PlugIns:
    """Load those plug-ins that are allowed; others are not even imported."""
    found = PlugIns()
    installed: dict[str, list[EntryPoint]] = {}
    for point in entry_points(group=GROUP):
        installed.setdefault(point.name, []).append(point)
    for name in sorted(allowed):
        fault = _unusable(name, installed.get(name, []))
        if fault:
            found.quarantined[name] = fault
            continue
        _load(name, installed[name][0], found)
    return found


def _unusable(name: str, points: list[EntryPoint]) -> str:
    if name in BUILT_IN:
        return "a built-in connector has that name"
    if not points:
        return f"nothing that is installed names {name!r} in the entry points {GROUP}"
    if len({point.value for point in points}) > 1:
        return "several that are installed have that name; remove all but one"
    return ""


def _load(name: str, point: EntryPoint, found: PlugIns) -> None:
    try:
        loaded = point.load()
        wrong = list(faults(loaded))
    except (Exception, SystemExit) as error:  # noqa: BLE001 -- whatever it raises, others go on
        found.quarantined[name] = redact(f"{type(error).__name__}: {error}")
        return
    if wrong:
        found.quarantined[name] = "; ".join(wrong)
    else:
        found.usable[name] = loaded


def faults(loaded: Any) -> Iterator[str]:  # noqa: ANN401 -- a plug-in may name anything
    """Yield what keeps the thing that an entry point names from being used as a connector."""
    if not inspect.isclass(loaded):
        yield "the entry point names no class"
        return
    spoken = getattr(loaded, "api_version", None)
    if spoken != API_VERSION:
        yield f"api_version is {spoken!r}, wanted is {API_VERSION}"
    for method in AWAITED:
        if not inspect.iscoroutinefunction(getattr(loaded, method, None)):
            yield f"it has no `async def {method}`"
    for method in ("quantize", "from_settings"):
        if not callable(getattr(loaded, method, None)):
            yield f"it has no `def {method}`"
