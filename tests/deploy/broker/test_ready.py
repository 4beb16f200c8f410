import socket
import struct
import threading

import pytest

from deploy.broker import Broker, ready


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", struct.pack(">i", -1)]
)
def test_a_server_that_does_not_speak_kafka_is_not_ready(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert ready.ask(server.getsockname()[1], timeout=2) is None
        thread.join()


def test_a_port_where_nobody_listens_is_not_ready() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        assert ready.ask(unused.getsockname()[1]) is None


@pytest.mark.kafka
def test_a_broker_that_serves_names_itself_and_its_controller(kafka: Broker) -> None:
    view = ready.ask(int(kafka.bootstrap.rpartition(":")[2]))

    assert view == ready.ClusterView(brokers=frozenset({1}), controller=1)
