"""What is installed only by those who act on platforms."""

from __future__ import annotations

from importlib.util import find_spec

from workers.errors import UsageError

_CLIENTS = ("facebook_business", "google.ads.googleads", "httpx", "standardwebhooks", "trustme")


def check_clients() -> None:
    """Make sure that the platforms' clients are installed.

    Raises
    ------
    UsageError
        One is not.
    """
    for name in _CLIENTS:
        if not _is_found(name):
            raise UsageError(
                f"{name} is not installed, which platforms on loopback need",
                remedy="pip install 'pacekeeper[all]'",
            )


def _is_found(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what it is in is not there
        return False
