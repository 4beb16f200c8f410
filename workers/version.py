"""Which Pacekeeper this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the installed distribution's version, ``0+source`` when run from a bare checkout."""
    try:
        return version("pacekeeper")
    except PackageNotFoundError:
        return "0+source"
