"""Which ports the nodes take, and whether they are free."""

import secrets
import socket
from collections.abc import Iterable, Iterator

from deploy.broker.config import HOST, Node
from deploy.broker.errors import PortTaken
from deploy.broker.settings import BrokerSettings

# Below where Linux and macOS take ports for outgoing connections, so that a node which is
# restarted after a kill finds its port still free.
_CANDIDATES = range(20_000, 32_000)


def plan(settings: BrokerSettings) -> tuple[Node, ...]:
    """Return the nodes with the ports they will use."""
    free = _free_ports()
    count = settings.nodes

    def port(first: int, offset: int) -> int:
        return first + offset if first else next(free)

    return tuple(
        Node(
            node_id=index + 1,
            directory=settings.data_dir / f"node-{index + 1}",
            port=port(settings.port, index),
            controller_port=port(settings.port, count + index),
            listener_ports={extra.name: port(extra.port, index) for extra in settings.listeners},
        )
        for index in range(count)
    )


def check_free(nodes: Iterable[Node]) -> None:
    """Refuse ports that another program listens on."""
    for node in nodes:
        for port in (node.port, node.controller_port, *node.listener_ports.values()):
            if not is_free(port):
                raise PortTaken(port)


def is_free(port: int) -> bool:
    """Tell whether a server could bind the port now."""
    with socket.socket() as probe:
        # As Java does on Unix: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _free_ports() -> Iterator[int]:
    given: set[int] = set()
    while True:
        port = secrets.choice(_CANDIDATES)
        if port not in given and is_free(port):
            given.add(port)
            yield port
