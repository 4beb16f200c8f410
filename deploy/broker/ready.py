"""Ask a node, in Kafka's protocol, which brokers are up: an open port alone proves nothing."""

import socket
import struct
from dataclasses import dataclass

from deploy.broker.config import HOST

_METADATA, _VERSION, _NO_TOPICS = 3, 1, 0
_CLIENT = b"pacekeeper"


@dataclass(frozen=True, kw_only=True)
class ClusterView:
    """What one node knows of its cluster."""

    brokers: frozenset[int]
    """Nodes that are up and take requests."""
    controller: int
    """The node that leads, -1 while there is none."""


def ask(port: int, *, timeout: float = 5.0) -> ClusterView | None:
    """Return a node's view of its cluster; None when nothing there speaks Kafka (yet).

    ``timeout`` is in seconds, for connecting and for each read.
    """
    try:
        with socket.create_connection((HOST, port), timeout=timeout) as connection:
            connection.sendall(_request())
            return _view(_receive(connection))
    except (OSError, EOFError, struct.error):
        return None


def _request() -> bytes:
    header = struct.pack(">hhih", _METADATA, _VERSION, 1, len(_CLIENT)) + _CLIENT
    body = struct.pack(">i", _NO_TOPICS)
    return struct.pack(">i", len(header) + len(body)) + header + body


def _receive(connection: socket.socket) -> bytes:
    (size,) = struct.unpack(">i", _exactly(connection, 4))
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _view(answer: bytes) -> ClusterView:
    at = 4  # behind the correlation id
    (count,) = struct.unpack_from(">i", answer, at)
    at += 4
    brokers = set()
    for _ in range(count):
        node, host_length = struct.unpack_from(">ih", answer, at)
        brokers.add(node)
        at += 6 + host_length + 4
        (rack_length,) = struct.unpack_from(">h", answer, at)
        at += 2 + max(rack_length, 0)
    (controller,) = struct.unpack_from(">i", answer, at)
    return ClusterView(brokers=frozenset(brokers), controller=controller)
