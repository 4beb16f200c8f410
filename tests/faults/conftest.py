"""A broker that may be hurt, with a network in front of it that may be hurt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.broker import Broker, Listener
from tests.broker_fixtures import settings_in
from tests.faults.counting import Place
from tests.faults.proxy import Proxy

PROXIED = "PROXIED"


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """One node, its plain address, and the same node behind a proxy."""

    broker: Broker
    proxy: Proxy

    @property
    def bootstrap(self) -> str:
        return self.broker.bootstrap

    @property
    def proxied(self) -> str:
        return f"127.0.0.1:{self.proxy.port}"


@pytest.fixture(scope="package")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One node for all fault tests of a process: they may kill it, and bring it back."""
    with Proxy() as proxy:
        settings = replace(
            settings_in(tmp_path_factory.mktemp("fragile")),
            # Clients follow the address that a broker advertises, so that has to be the proxy's.
            listeners=(Listener(name=PROXIED, advertised_port=proxy.port),),
            properties={"log.cleaner.backoff.ms": "200"},
        )
        with Broker(settings) as broker:
            proxy.target = int(broker.address(PROXIED).rpartition(":")[2])
            yield Kafka(broker=broker, proxy=proxy)


@pytest.fixture
def place(fragile: Kafka, topic_prefix: str, tmp_path: Path) -> Place:
    """Return topics of a test's own on the broker that may be hurt."""
    return Place(bootstrap=fragile.bootstrap, prefix=topic_prefix, directory=tmp_path / "workers")
