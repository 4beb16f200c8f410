"""Connections of Meta's client that ask once more before they write."""

from __future__ import annotations

from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from workers.connectors.last_check import must_still_hold


class _Plain(HTTPConnection):
    def send(self, data: Any) -> None:  # noqa: ANN401 -- as the base has it
        """Write, after the connection is made and who asked may still ask."""
        if self.sock is None:
            self.connect()
        must_still_hold()
        super().send(data)


class _Encrypted(HTTPSConnection):
    def send(self, data: Any) -> None:  # noqa: ANN401
        """Write, after the connection is made and who asked may still ask."""
        if self.sock is None:
            self.connect()
        must_still_hold()
        super().send(data)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


_POOLS: Final = {"http": _PlainPool, "https": _EncryptedPool}


class AskingAdapter(HTTPAdapter):
    """What `requests` sends by; a change is in two writes, and without the second it is none."""

    def init_poolmanager(self, *told: Any, **more: Any) -> None:  # noqa: ANN401
        """Make connections that ask."""
        super().init_poolmanager(*told, **more)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *told: Any, **more: Any) -> PoolManager:  # noqa: ANN401
        """Make connections that ask, through a proxy as well."""
        manager: PoolManager = super().proxy_manager_for(*told, **more)
        manager.pool_classes_by_scheme = _POOLS
        return manager
