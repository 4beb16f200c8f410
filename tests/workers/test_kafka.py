"""Connecting with every kind of security, and what is told when it does not work."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiokafka
import faust
import msgspec
import pytest
from aiokafka.errors import TopicAuthorizationFailedError
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from deploy.broker import Broker, Listener
from tests.broker_fixtures import SecuredKafka, settings_in
from workers.errors import UsageError
from workers.kafka import Connection, KafkaRefusedError, KafkaUnavailableError, connect
from workers.reachability import explain
from workers.settings import BrokerSettings
from workers.topic_specs import TopicSpec
from workers.topics import create_topics

pytestmark = pytest.mark.kafka


async def round_trip(connection: Connection, topic: str) -> bytes | None:
    """Create a topic, write a record and read it back, each with a client of its own."""
    async with connection.admin() as admin:
        await create_topics(admin, [TopicSpec(name=topic, partitions=1)])
    async with aiokafka.AIOKafkaProducer(**connection.client_options()) as producer:
        await producer.send_and_wait(topic, b"hello")
    consumer = aiokafka.AIOKafkaConsumer(
        topic, **connection.client_options(), auto_offset_reset="earliest"
    )
    async with asyncio.timeout(30), consumer:
        record = await consumer.getone()
    value: bytes | None = record.value
    return value


def secured(kafka: SecuredKafka, listener: str, **settings: object) -> BrokerSettings:
    login = {} if listener == "TLS" else {"username": kafka.user, "password": "env:SECRET"}
    given = {"bootstrap": kafka.broker.address(listener), "timeout_seconds": 10.0}
    return msgspec.convert({**given, **login, **settings}, BrokerSettings)


async def test_records_go_there_and_back_without_any_security(
    kafka: Broker, topic_prefix: str
) -> None:
    connection = connect(BrokerSettings(bootstrap=kafka.bootstrap))

    assert await round_trip(connection, topic_prefix) == b"hello"


@pytest.mark.parametrize(
    ("listener", "security", "mechanism"),
    [
        ("TLS", "SSL", "PLAIN"),
        ("SASLPLAIN", "SASL_PLAINTEXT", "PLAIN"),
        ("SASLSCRAM", "SASL_SSL", "SCRAM-SHA-256"),
        ("SASLSCRAM", "SASL_SSL", "SCRAM-SHA-512"),
    ],
)
async def test_records_go_there_and_back_with_tls_and_with_every_login(
    secured_kafka: SecuredKafka, topic_prefix: str, listener: str, security: str, mechanism: str
) -> None:
    settings = secured(
        secured_kafka,
        listener,
        security=security,
        sasl_mechanism=mechanism,
        **({"ca_file": str(secured_kafka.ca_file)} if security.endswith("SSL") else {}),
    )

    connection = connect(settings, {"SECRET": secured_kafka.password})

    assert await round_trip(connection, topic_prefix) == b"hello"


async def problem_of(settings: BrokerSettings, password: str = "correct-horse") -> str:  # noqa: S107
    with pytest.raises(KafkaUnavailableError) as failed:
        async with asyncio.timeout(60), connect(settings, {"SECRET": password}).admin():
            pass
    assert failed.value.remedy
    return failed.value.problem


async def test_a_wrong_password_is_told_with_the_user_and_without_the_password(
    secured_kafka: SecuredKafka,
) -> None:
    settings = secured(
        secured_kafka, "SASLPLAIN", security="SASL_PLAINTEXT", sasl_mechanism="PLAIN"
    )

    told = await problem_of(settings, "wrong-horse")

    assert f"refused user '{secured_kafka.user}' with PLAIN" in told
    assert "wrong-horse" not in told


async def test_a_login_that_the_broker_does_not_offer_is_told(
    secured_kafka: SecuredKafka,
) -> None:
    settings = secured(
        secured_kafka, "SASLPLAIN", security="SASL_PLAINTEXT", sasl_mechanism="SCRAM-SHA-512"
    )

    assert "offers no login with SCRAM-SHA-512" in await problem_of(settings)


async def test_a_certificate_of_an_unknown_authority_is_told(secured_kafka: SecuredKafka) -> None:
    assert "is not trusted" in await problem_of(secured(secured_kafka, "TLS", security="SSL"))


async def test_tls_towards_a_broker_that_speaks_none_is_told(kafka: Broker) -> None:
    settings = BrokerSettings(bootstrap=kafka.bootstrap, security="SSL", timeout_seconds=3)

    assert kafka.bootstrap in await problem_of(settings)


async def test_an_address_where_nothing_listens_is_told(unused_tcp_port: int) -> None:
    told = await problem_of(BrokerSettings(bootstrap=f"127.0.0.1:{unused_tcp_port}"))

    assert told == f"nothing listens at 127.0.0.1:{unused_tcp_port}"


def test_a_wrong_address_is_looked_for_wherever_it_may_have_been_given() -> None:
    for error in (ConnectionRefusedError(), socket.gaierror()):
        remedy = explain("a:1", {"security_protocol": "PLAINTEXT"}, error, 3).remedy

        for place in ("broker.bootstrap", "PACEKEEPER_BROKER", "--bootstrap"):
            assert place in remedy


async def test_an_unknown_name_is_told() -> None:
    settings = BrokerSettings(bootstrap="no-such-host.invalid:9092", timeout_seconds=5)

    assert "no-such-host.invalid" in await problem_of(settings)


@contextlib.asynccontextmanager
async def silence() -> AsyncIterator[int]:
    """Listen on a port, and never answer."""
    # From Python 3.13 on, a connection that nobody holds is closed.
    held: list[object] = []
    server = await asyncio.start_server(lambda *streams: held.append(streams), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_a_server_that_never_answers_is_waited_for_no_longer_than_allowed() -> None:
    clock = asyncio.get_running_loop().time
    async with silence() as port:
        started = clock()
        told = await problem_of(BrokerSettings(bootstrap=f"127.0.0.1:{port}", timeout_seconds=1))

    assert "did not answer within 1 s" in told
    assert clock() - started < 10


async def test_a_broker_that_names_an_address_out_of_reach_is_told(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """The commonest mistake with a broker in a container: its advertised listener."""
    away = Listener(name="AWAY", advertised_port=unused_tcp_port)
    with Broker(replace(settings_in(tmp_path), listeners=(away,))) as broker:
        settings = BrokerSettings(bootstrap=broker.address("AWAY"), timeout_seconds=3)
        with pytest.raises(KafkaUnavailableError) as failed:
            async with connect(settings).admin() as admin:
                await admin.describe_topics()

    assert f"names 127.0.0.1:{unused_tcp_port}, which cannot be reached" in failed.value.problem
    assert "advertised.listeners" in failed.value.remedy


async def test_what_kafka_refuses_is_told_as_its_refusal(kafka: Broker) -> None:
    connection = connect(BrokerSettings(bootstrap=kafka.bootstrap))

    with pytest.raises(KafkaRefusedError, match=f"{kafka.bootstrap} said TopicAuthorizationFailed"):
        async with connection.explained():
            raise TopicAuthorizationFailedError("secret.topic")


def test_without_an_address_nothing_is_guessed() -> None:
    with pytest.raises(UsageError, match="no Kafka is set"):
        connect(BrokerSettings())


def test_a_password_in_a_file_is_read_without_the_line_end(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse \n", encoding="utf-8")
    settings = BrokerSettings(
        bootstrap="a:1", security="SASL_PLAINTEXT", username="u", password=f"file:{file}"
    )

    assert connect(settings, {}).client_options()["sasl_plain_password"] == "correct horse "
    assert "correct horse" not in repr(connect(settings, {}))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"security": "SASL_PLAINTEXT", "username": "u", "password": "env:GONE"},
            "the variable GONE is not set",
        ),
        (
            {"security": "SASL_PLAINTEXT", "username": "u", "password": "file:/gone"},
            "cannot read broker.password, /gone",
        ),
        ({"security": "SSL", "ca_file": "/gone.pem"}, "cannot read broker.ca_file, /gone.pem"),
        ({"security": "SSL", "ca_file": __file__}, "does not fit"),
        ({"security": "SSL", "certificate_file": __file__}, "does not fit"),
    ],
)
def test_secrets_and_certificates_that_cannot_be_used_are_refused_before_connecting(
    settings: dict[str, str], problem: str
) -> None:
    broker = msgspec.convert({"bootstrap": "a:1", **settings}, BrokerSettings)

    with pytest.raises(UsageError, match=problem):
        connect(broker, {})


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"security": "SSL", "ca_file": "FILE"}, "PEM files"),
        ({"security": "SSL", "certificate_file": "FILE"}, "PEM files"),
        (
            {"security": "SASL_PLAINTEXT", "username": "u", "password": "file:FILE"},
            "as UTF-8",
        ),
    ],
)
def test_a_file_of_other_bytes_than_text_is_named_with_what_it_must_be(
    tmp_path: Path, settings: dict[str, str], remedy: str
) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(b"\x30\x82\x01\xe9")
    given = {name: value.replace("FILE", str(file)) for name, value in settings.items()}
    broker = msgspec.convert({"bootstrap": "a:1", **given}, BrokerSettings)

    with pytest.raises(UsageError, match=f"{file}.*{remedy}"):
        connect(broker, {})


def test_faust_is_given_the_same_address_login_and_certificates(
    secured_kafka: SecuredKafka,
) -> None:
    settings = secured(
        secured_kafka,
        "SASLSCRAM",
        security="SASL_SSL",
        sasl_mechanism="SCRAM-SHA-256",
        ca_file=str(secured_kafka.ca_file),
    )
    connection = connect(settings, {"SECRET": secured_kafka.password})

    app = faust.App("x", **connection.faust_options())

    given = credentials_to_aiokafka_auth(app.conf.broker_credentials)
    assert given == connection.security_options()
    assert [url.authority for url in app.conf.broker] == list(connection.servers)
