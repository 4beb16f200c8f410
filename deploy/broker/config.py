"""A node's ``server.properties``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.broker.settings import BrokerSettings, Listener

HOST = "127.0.0.1"
"""The only address a node is ever bound to."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One node's place and ports."""

    node_id: int
    directory: Path
    port: int
    controller_port: int
    listener_ports: Mapping[str, int]
    """Ports of the extra listeners, by name."""

    @property
    def bootstrap(self) -> str:
        """The plain listener's address."""
        return f"{HOST}:{self.port}"

    @property
    def properties_file(self) -> Path:
        """What the node is started with."""
        return self.directory / "server.properties"

    @property
    def storage(self) -> Path:
        """Where Kafka keeps its logs."""
        return self.directory / "storage"

    @property
    def log(self) -> Path:
        """What the node says about itself."""
        return self.directory / "broker.log"


def write_properties(node: Node, nodes: Sequence[Node], settings: BrokerSettings) -> None:
    """Write the node's ``server.properties``, readable by the user alone: it may hold secrets."""
    values = {
        **_identity(node, nodes),
        **_listeners(node, settings.listeners),
        **_replication(len(nodes)),
        **_HOUSE,
        **settings.properties,
    }
    node.directory.mkdir(parents=True, exist_ok=True)
    node.properties_file.touch(mode=0o600)
    node.properties_file.write_text(
        "".join(f"{key}={_escaped(value)}\n" for key, value in values.items()), encoding="utf-8"
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n\\\n")


def _identity(node: Node, nodes: Sequence[Node]) -> dict[str, str]:
    voters = (f"{other.node_id}@{HOST}:{other.controller_port}" for other in nodes)
    return {
        "process.roles": "broker,controller",
        "node.id": str(node.node_id),
        "controller.quorum.voters": ",".join(voters),
        "controller.listener.names": "CONTROLLER",
        "log.dirs": str(node.storage),
    }


def _listeners(node: Node, extra: Iterable[Listener]) -> dict[str, str]:
    bound = {"PLAIN": node.port, "CONTROLLER": node.controller_port, **node.listener_ports}
    told = {"PLAIN": node.port, **node.listener_ports}
    protocols = {"PLAIN": "PLAINTEXT", "CONTROLLER": "PLAINTEXT"}
    properties: dict[str, str] = {}
    for listener in extra:
        protocols[listener.name] = listener.protocol
        told[listener.name] = listener.advertised_port or told[listener.name]
        prefix = f"listener.name.{listener.name.lower()}."
        properties |= {prefix + key: value for key, value in listener.properties.items()}
    return {
        "listeners": _addresses(bound),
        "advertised.listeners": _addresses(told),
        "listener.security.protocol.map": ",".join(f"{k}:{v}" for k, v in protocols.items()),
        "inter.broker.listener.name": "PLAIN",
        **properties,
    }


def _addresses(ports: Mapping[str, int]) -> str:
    return ",".join(f"{name}://{HOST}:{port}" for name, port in ports.items())


def _replication(nodes: int) -> dict[str, str]:
    copies, in_sync = str(nodes), str(nodes // 2 + 1)
    return {
        "default.replication.factor": copies,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": copies,
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


_HOUSE: Mapping[str, str] = {
    # A misspelt topic must fail, not appear.
    "auto.create.topics.enable": "false",
    # Nobody else is about to join; tests use short sessions.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # A node that was killed is taken back only when its old session is over.
    "broker.heartbeat.interval.ms": "500",
    "broker.session.timeout.ms": "4000",
    # A few groups and producers: the defaults (50) would cost seconds at every start.
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
    # Records carry the time of what they tell, which may be years ago. So nothing is deleted by
    # age unless its topic says so, and each partition is bounded by size instead.
    "log.message.timestamp.before.max.ms": "9223372036854775807",
    "log.retention.ms": "-1",
    "log.retention.bytes": str(1 << 30),
    "log.segment.bytes": str(128 << 20),
    # 1 MiB and Kafka's own overhead; a larger record is refused to its producer.
    "message.max.bytes": str((1 << 20) + 12),
    "log.cleaner.dedupe.buffer.size": str(16 << 20),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "num.recovery.threads.per.data.dir": "2",
}
