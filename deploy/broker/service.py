"""A broker that stays: started by one command, found and stopped by others."""

from dataclasses import dataclass
from pathlib import Path

from deploy.broker import process
from deploy.broker.cluster import Cluster, exclusive
from deploy.broker.config import HOST
from deploy.broker.jars import KAFKA_VERSION
from deploy.broker.report import Report, silent, tell_killed
from deploy.broker.settings import BrokerSettings


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """One node that runs."""

    node_id: int
    pid: int
    address: str
    log: Path


@dataclass(frozen=True, kw_only=True)
class BrokerStatus:
    """What runs on a data directory."""

    data_dir: Path
    nodes: tuple[NodeStatus, ...]
    kafka_version: str = KAFKA_VERSION

    @property
    def running(self) -> bool:
        """Whether any node runs."""
        return bool(self.nodes)

    @property
    def bootstrap(self) -> str:
        """The addresses of the nodes that run, ``host:port`` with commas between."""
        return ",".join(node.address for node in self.nodes)


def start(settings: BrokerSettings, *, report: Report = silent) -> BrokerStatus:
    """Start a broker that stays until :func:`stop`, and wait until it serves.

    Raises
    ------
    AlreadyRunning
        Names the process and the address of the one that runs.
    BrokerError
        Any other kind, when it cannot be started.
    """
    Cluster(settings, owner=0, report=report).start()
    return status(settings)


def status(settings: BrokerSettings) -> BrokerStatus:
    """Tell what runs on the data directory, whoever started it."""
    found = (_node_status(path) for path in sorted(settings.data_dir.glob("node-*")))
    return BrokerStatus(
        data_dir=settings.data_dir, nodes=tuple(node for node in found if node is not None)
    )


def stop(settings: BrokerSettings, *, report: Report = silent) -> BrokerStatus:
    """Stop what runs on the data directory; return what ran (nothing is no error)."""
    with exclusive(settings.data_dir):
        before = status(settings)
        killed = process.end([node.pid for node in before.nodes], grace=settings.stop_timeout)
        for directory in settings.data_dir.glob("node-*"):
            process.forget(directory)
    for node in before.nodes:
        if node.pid in killed:
            tell_killed(report, node.node_id, settings.stop_timeout)
    return before


def _node_status(directory: Path) -> NodeStatus | None:
    found = process.find(directory)
    if found is None:
        return None
    return NodeStatus(
        node_id=int(directory.name.removeprefix("node-")),
        pid=found.pid,
        address=f"{HOST}:{found.port}",
        log=directory / "broker.log",
    )
