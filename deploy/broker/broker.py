"""A broker for as long as a ``with`` block lasts: tests, demos, the whole stack in one command."""

import os
from typing import Self

from deploy.broker.cluster import Cluster
from deploy.broker.config import HOST
from deploy.broker.report import Report, silent
from deploy.broker.settings import BrokerSettings


class Broker:
    """A real Apache Kafka on loopback.

    ``with Broker(BrokerSettings(data_dir=..., cache_dir=..., port=0)) as broker:`` gives
    ``broker.bootstrap`` to connect to.

    It ends with the block, and with this process however that ends. Topics stay in the data
    directory. Entering may raise any :class:`~deploy.broker.errors.BrokerError`.
    """

    def __init__(self, settings: BrokerSettings, *, report: Report = silent) -> None:
        self._cluster = Cluster(settings, owner=os.getpid(), report=report)

    @property
    def settings(self) -> BrokerSettings:
        """What was asked for."""
        return self._cluster.settings

    @property
    def bootstrap(self) -> str:
        """The plain addresses of all nodes, ``host:port`` with commas between."""
        return ",".join(node.bootstrap for node in self._cluster.nodes)

    def address(self, listener: str) -> str:
        """Return the addresses of an extra listener, by its name."""
        return ",".join(f"{HOST}:{node.listener_ports[listener]}" for node in self._cluster.nodes)

    def kill(self, node: int = 1) -> None:
        """Kill a node, as a crash of its machine would."""
        self._cluster.kill_node(node)

    def stop(self, node: int = 1) -> None:
        """Stop a node cleanly."""
        self._cluster.stop_node(node)

    def ended(self) -> tuple[int, ...]:
        """Return the numbers of the nodes that have ended by themselves."""
        return self._cluster.ended_nodes()

    def start(self, node: int = 1) -> None:
        """Start a node that was killed or has ended, on its old ports, and wait until it serves."""
        self._cluster.start_node(node)

    def pause(self, node: int = 1) -> None:
        """Freeze a node: its connections stay open and silent."""
        self._cluster.pause_node(node)

    def resume(self, node: int = 1) -> None:
        """Let a frozen node go on."""
        self._cluster.resume_node(node)

    def __enter__(self) -> Self:
        self._cluster.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cluster.stop()
