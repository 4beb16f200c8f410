"""The embedded broker as its users meet it: real nodes, real clients, real kills."""

import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError

from deploy import broker as service
from deploy.broker import (
    Broker,
    BrokerSettings,
    config,
    default_cache_dir,
    jars,
    java,
    ports,
    process,
    ready,
    storage,
)
from deploy.broker.cluster import exclusive
from deploy.broker.config import Node
from deploy.broker.errors import AlreadyRunning, BeingStarted, BrokerFailed, DiskTooFull, PortTaken
from tests.broker_fixtures import SecuredKafka, settings_in
from tests.waiting import eventually

pytestmark = pytest.mark.kafka


async def create(bootstrap: str, topic: str, *, copies: int = 1) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, copies)])
    await admin.close()


async def publish(bootstrap: str, topic: str, *values: bytes, **security: object) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", **security) as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    async with consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_records_outlive_a_clean_stop_and_a_kill_which_is_told_at_the_next_start(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    with Broker(settings_in(tmp_path), report=said.append) as broker:
        await create(broker.bootstrap, "kept")
        await publish(broker.bootstrap, "kept", b"one")
        broker.stop()
        broker.start()
        assert not any("cleanly" in line for line in said)
        await publish(broker.bootstrap, "kept", b"two")
        broker.kill()
        broker.start()

        assert await read(broker.bootstrap, "kept", 2) == [b"one", b"two"]
    assert any("was not stopped cleanly" in line and "checks its logs" in line for line in said)


async def test_a_topic_that_nobody_created_is_an_error(kafka: Broker, topic_prefix: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=kafka.bootstrap, request_timeout_ms=1_000)
    async with producer:
        with pytest.raises(UnknownTopicOrPartitionError):
            await producer.partitions_for(topic_prefix)


async def test_a_record_of_ten_megabytes_is_refused_and_one_of_a_mebibyte_is_kept(
    kafka: Broker, topic_prefix: str
) -> None:
    await create(kafka.bootstrap, topic_prefix)
    large = {"max_request_size": 20_000_000}

    with pytest.raises(MessageSizeTooLargeError):
        await publish(kafka.bootstrap, topic_prefix, bytes(10_000_000), **large)
    await publish(kafka.bootstrap, topic_prefix, bytes(1_048_000), **large)


def test_a_second_start_names_the_broker_that_runs(kafka: Broker) -> None:
    with pytest.raises(AlreadyRunning, match="pacekeeper broker stop") as refused:
        service.start(kafka.settings)

    assert refused.value.bootstrap == kafka.bootstrap
    assert service.status(kafka.settings).bootstrap == kafka.bootstrap


def test_a_start_while_another_start_is_under_way_is_refused(tmp_path: Path) -> None:
    with exclusive(tmp_path), pytest.raises(BeingStarted, match="wait for it"):
        service.start(settings_in(tmp_path))


def test_a_taken_port_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} ") as refused:
            service.start(replace(settings_in(tmp_path), port=port))

    assert refused.value.port == port
    assert not list(tmp_path.glob("node-*"))


def test_a_full_disk_is_noticed_before_anything_is_started(tmp_path: Path) -> None:
    with pytest.raises(DiskTooFull):
        service.start(replace(settings_in(tmp_path), min_free_bytes=1 << 60))


def test_a_node_that_cannot_start_shows_what_kafka_said(tmp_path: Path) -> None:
    impossible = replace(settings_in(tmp_path), properties={"num.network.threads": "none"})

    with pytest.raises(BrokerFailed, match=r"num\.network\.threads"), Broker(impossible):
        pass


def test_an_interrupted_format_is_done_again(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (node,) = ports.plan(settings)
    config.write_properties(node, [node], settings)
    draft = node.directory / "storage.formatting"
    draft.mkdir()
    (draft / storage.META).write_text("version=1\n")
    class_path = jars.ensure(settings.cache_dir, jars.manifest(), print)

    storage.prepare(
        [node], [str(java.find(os.environ)), "-cp", os.pathsep.join(map(str, class_path))], ()
    )

    assert "cluster.id" in (node.storage / storage.META).read_text()
    assert not draft.exists()


STAY = """
import os, sys, time
from pathlib import Path
from tests.broker_fixtures import settings_in
from deploy import broker
settings = settings_in(Path(sys.argv[2]))
if sys.argv[1] == "start":
    print(broker.start(settings).bootstrap)
else:
    with broker.Broker(settings) as running:
        print(running.bootstrap, flush=True)
        time.sleep(600)
"""


def run_elsewhere(how: str, directory: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", STAY, how, str(directory)]
    root = Path(__file__).parents[3]
    return subprocess.Popen(command, cwd=root, text=True, stdout=subprocess.PIPE)


def test_a_broker_that_was_started_to_stay_is_found_and_stopped_by_others(tmp_path: Path) -> None:
    with run_elsewhere("start", tmp_path) as starter:
        printed, _ = starter.communicate()
    settings = settings_in(tmp_path)

    found = service.status(settings)
    assert found.bootstrap == printed.strip()
    assert ready.ask(int(found.bootstrap.rpartition(":")[2]))

    assert service.stop(settings) == found
    assert not service.status(settings).running
    assert not service.stop(settings).running
    assert (tmp_path / "node-1" / "storage" / storage.CLEAN_SHUTDOWN).exists()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_broker_stops_cleanly_when_its_owner_is_killed_or_interrupted(
    tmp_path: Path, how: signal.Signals
) -> None:
    with run_elsewhere("own", tmp_path) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        (node,) = service.status(settings_in(tmp_path)).nodes
        owner.send_signal(how)

    assert eventually(lambda: not process.is_alive(node.pid), seconds=30)
    assert (tmp_path / "node-1" / "storage" / storage.CLEAN_SHUTDOWN).exists()


def test_a_paused_node_is_silent_until_it_goes_on(three_brokers: Broker) -> None:
    port = int(three_brokers.bootstrap.rpartition(":")[2])

    three_brokers.pause(3)
    silent = ready.ask(port, timeout=0.5) is None
    three_brokers.resume(3)

    assert silent
    assert eventually(lambda: ready.ask(port) is not None, seconds=30)


async def test_three_nodes_take_acknowledged_writes_while_one_is_lost(
    three_brokers: Broker, topic_prefix: str
) -> None:
    await create(three_brokers.bootstrap, topic_prefix, copies=3)
    await publish(three_brokers.bootstrap, topic_prefix, b"before")
    three_brokers.kill(2)
    try:
        await publish(three_brokers.bootstrap, topic_prefix, b"during")
    finally:
        three_brokers.start(2)

    assert await read(three_brokers.bootstrap, topic_prefix, 2) == [b"before", b"during"]


@pytest.mark.parametrize(
    ("listener", "protocol", "mechanism"),
    [
        ("TLS", "SSL", None),
        ("SASLPLAIN", "SASL_PLAINTEXT", "PLAIN"),
        ("SASLSCRAM", "SASL_SSL", "SCRAM-SHA-256"),
        ("SASLSCRAM", "SASL_SSL", "SCRAM-SHA-512"),
    ],
)
async def test_secured_listeners_take_records_of_those_who_may(
    secured_kafka: SecuredKafka, topic_prefix: str, listener: str, protocol: str, mechanism: str
) -> None:
    await create(secured_kafka.broker.bootstrap, topic_prefix)
    security: dict[str, object] = {"security_protocol": protocol}
    if protocol.endswith("SSL"):
        security["ssl_context"] = ssl.create_default_context(cafile=secured_kafka.ca_file)
    if mechanism:
        security |= {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": secured_kafka.user,
            "sasl_plain_password": secured_kafka.password,
        }

    address = secured_kafka.broker.address(listener)
    await publish(address, topic_prefix, b"secret", **security)

    assert await read(secured_kafka.broker.bootstrap, topic_prefix, 1) == [b"secret"]


def test_free_ports_stay_clear_of_those_for_outgoing_connections(tmp_path: Path) -> None:
    settings = BrokerSettings(data_dir=tmp_path, cache_dir=default_cache_dir(os.environ), port=0)

    assert all(node.port < 32_768 for _ in range(50) for node in ports.plan(settings))


@pytest.mark.parametrize("moment", ["check_free", "launch"])
def test_a_free_port_that_another_program_takes_first_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    others: list[socket.socket] = []
    module = {"check_free": ports, "launch": process}[moment]
    real = getattr(module, moment)

    def too_late(nodes: Node | Iterable[Node], *args: object, **options: object) -> object:
        if not others:
            first = nodes if isinstance(nodes, Node) else next(iter(nodes))
            others.append(socket.create_server(("127.0.0.1", first.port)))
        return real(nodes, *args, **options)

    monkeypatch.setattr(module, moment, too_late)
    with Broker(settings_in(tmp_path)) as broker:
        assert int(broker.bootstrap.rpartition(":")[2]) != others[0].getsockname()[1]
    others[0].close()
