"""A real Kafka for tests: one for the whole run, three nodes or secured listeners on demand."""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from deploy.broker import Broker, BrokerSettings, Listener, ScramUser, default_cache_dir

USER, PASSWORD = "alice", "correct-horse"


def settings_in(directory: Path, *, nodes: int = 1) -> BrokerSettings:
    """Return settings for a broker of a test's own, on free ports."""
    return BrokerSettings(
        data_dir=directory,
        cache_dir=default_cache_dir(os.environ),
        nodes=nodes,
        port=0,
        start_timeout=120,
        short_lived=True,
    )


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One node that the whole run shares: use ``topic_prefix``, and never stop it."""
    with Broker(settings_in(tmp_path_factory.mktemp("kafka"))) as broker:
        yield broker


@pytest.fixture(scope="module")
def three_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Three nodes for a module whose tests kill or pause one, and bring it back."""
    with Broker(settings_in(tmp_path_factory.mktemp("kafka3"), nodes=3)) as broker:
        yield broker


@pytest.fixture
def topic_prefix() -> str:
    """Return a prefix for topics, groups and transactional ids that no other test has."""
    return f"t{secrets.token_hex(5)}"


@dataclass(frozen=True, kw_only=True)
class SecuredKafka:
    """A node with one listener per kind of security, and what a client needs for each.

    ``broker.address("TLS")`` is protocol SSL, ``"SASLPLAIN"`` SASL_PLAINTEXT with PLAIN,
    ``"SASLSCRAM"`` SASL_SSL with SCRAM-SHA-256 and SCRAM-SHA-512.
    """

    broker: Broker
    ca_file: Path
    user: str = USER
    password: str = PASSWORD


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """One node with secured listeners that the whole run shares."""
    directory = tmp_path_factory.mktemp("secured")
    ca_file, identity = _certificates(directory)
    settings = replace(
        settings_in(directory / "kafka"),
        listeners=_listeners(identity),
        scram_users=(
            ScramUser(name=USER, password=PASSWORD),
            ScramUser(name=USER, password=PASSWORD, mechanism="SCRAM-SHA-512"),
        ),
    )
    with Broker(settings) as broker:
        yield SecuredKafka(broker=broker, ca_file=ca_file)


def _listeners(identity: Path) -> tuple[Listener, ...]:
    modules = "org.apache.kafka.common.security"
    tls = {"ssl.keystore.type": "PEM", "ssl.keystore.location": str(identity)}
    plain_module = f"{modules}.plain.PlainLoginModule"
    plain = {
        "sasl.enabled.mechanisms": "PLAIN",
        "plain.sasl.jaas.config": f'{plain_module} required user_{USER}="{PASSWORD}";',
    }
    scram = {"sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512"} | {
        f"{mechanism}.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;"
        for mechanism in ("scram-sha-256", "scram-sha-512")
    }
    return (
        Listener(name="TLS", protocol="SSL", properties=tls),
        Listener(name="SASLPLAIN", protocol="SASL_PLAINTEXT", properties=plain),
        Listener(name="SASLSCRAM", protocol="SASL_SSL", properties=tls | scram),
    )


def _certificates(directory: Path) -> tuple[Path, Path]:
    """Make an authority and a certificate of it for 127.0.0.1; return both files, PEM."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
    # Java reads private keys in PKCS #8 only.
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ca_file, identity = directory / "ca.pem", directory / "identity.pem"
    authority.cert_pem.write_to_path(ca_file)
    identity.write_bytes(text + b"".join(part.bytes() for part in issued.cert_chain_pems))
    return ca_file, identity
