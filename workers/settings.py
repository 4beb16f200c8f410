"""Everything that can be set: one frozen value, each field with its range and what it is for.

A field's documentation is here, or with its section, and nowhere else: ``pacekeeper config check``
prints it, and ``docs/settings.md`` is generated from it. How values are read is
:mod:`workers.configuration`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from workers.delivery_settings import DeliverySettings

Security = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]
Reference = Annotated[str, Meta(pattern=r"^$|^env:[A-Za-z_][A-Za-z0-9_]*$|^file:.+$")]

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:,\[\]]+):(\d{1,5})")


class BrokerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach Kafka."""

    bootstrap: Annotated[
        str,
        Meta(
            description="Your own Kafka: host:port, several with commas; empty: the embedded one."
        ),
    ] = ""
    security: Annotated[Security, Meta(description="How connections are protected.")] = "PLAINTEXT"
    sasl_mechanism: Annotated[
        Mechanism, Meta(description="How to log in, with security SASL_PLAINTEXT or SASL_SSL.")
    ] = "SCRAM-SHA-512"
    username: Annotated[str, Meta(description="Who logs in.")] = ""
    password: Annotated[
        Reference,
        Meta(
            description="Where the password is: env:NAME or file:PATH, never the password itself."
        ),
    ] = ""
    ca_file: Annotated[str, Meta(description="Who signs certificates (PEM); empty: system's.")] = ""
    certificate_file: Annotated[
        str, Meta(description="Own certificate (PEM), when the broker asks clients for one.")
    ] = ""
    key_file: Annotated[
        str, Meta(description="Private key (PEM) of certificate_file; empty: in the same file.")
    ] = ""
    timeout_seconds: Annotated[
        float, Meta(ge=1, le=300, description="How long to wait for Kafka to answer.")
    ] = 10.0

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        for server in self.servers:
            found = _SERVER.fullmatch(server)
            if found is None or not 0 < int(found[2]) < 1 << 16:
                raise ValueError(f"bootstrap names no host:port in {server!r}")
        sasl, tls = self.security.startswith("SASL"), self.security.endswith("SSL")
        if sasl and not (self.username and self.password):
            raise ValueError(f"security {self.security} needs username and password")
        if not sasl and (self.username or self.password):
            raise ValueError(f"security {self.security} sends no username and no password")
        if not tls and (self.ca_file or self.certificate_file or self.key_file):
            raise ValueError(f"security {self.security} uses no certificates")
        if self.key_file and not self.certificate_file:
            raise ValueError("key_file needs certificate_file")

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses in ``bootstrap``, each ``host:port``."""
        return tuple(server.strip() for server in self.bootstrap.split(",") if server.strip())


class TopicSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How topics are named and created."""

    prefix: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
            description="First part of every topic's, consumer group's and transaction's name.",
        ),
    ] = "pacekeeper"
    partitions: Annotated[
        int,
        Meta(
            ge=1,
            le=1024,
            description="Partitions of every campaign topic: the most workers that can share it.",
        ),
    ] = 8
    replication: Annotated[
        int, Meta(ge=0, le=9, description="Copies of every record; 0: the broker's default.")
    ] = 0
    min_insync_replicas: Annotated[
        int,
        Meta(
            ge=0,
            le=9,
            description="Copies that must be written at once; 0: the broker's default.",
        ),
    ] = 0

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.replication and self.min_insync_replicas > self.replication:
            raise ValueError(
                f"min_insync_replicas must not exceed replication, was {self.min_insync_replicas}"
                f" and {self.replication}"
            )


class OptimizerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the optimizer accepts."""

    restatement_days: Annotated[
        int,
        Meta(
            ge=31,
            le=62,
            description="How far behind a campaign's newest hour a restated hour may lie.",
        ),
    ] = 35
    future_tolerance_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="How far ahead of its record's timestamp an hour may begin or be told.",
        ),
    ] = 5
    stale_after_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=72,
            description="Silence after a campaign's newest hour from which it is held as stale.",
        ),
    ] = 6
    tick_seconds: Annotated[
        float,
        Meta(ge=0, le=3600, description="How often silence and expiry are noticed; 0: no."),
    ] = 60.0


class ExecutorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the executor does with actions."""

    mode: Annotated[
        Literal["simulate", "live"],
        Meta(description="simulate: record what would be done; live: do it on the platforms."),
    ] = "simulate"
    platforms: Annotated[
        str,
        Meta(description="File that names platforms, accounts and where secrets are."),
    ] = ""
    clock: Annotated[
        Literal["machine", "ticks"],
        Meta(description="Whose time counts with live; ticks: a simulated world's, as in demos."),
    ] = "machine"
    approvers: Annotated[
        str,
        Meta(
            max_length=10_000,
            description="Names of who may approve, with commas between; empty: anyone.",
        ),
    ] = ""

    @property
    def approver_names(self) -> tuple[str, ...]:
        """The names in ``approvers``."""
        return tuple(name.strip() for name in self.approvers.split(",") if name.strip())

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.approvers.strip() and not self.approver_names:
            raise ValueError("approvers names nobody: write names with commas between")
        if self.mode == "live" and not self.platforms:
            raise ValueError("mode live needs platforms: the file that names what may be changed")


class CollectorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How ad platforms are asked what came of campaigns; which ones, `executor.platforms` names."""

    every_minutes: Annotated[
        int,
        Meta(ge=1, le=60, description="How long to wait between two questions of an account."),
    ] = 15


class WebSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where each worker serves /metrics, /live and /ready."""

    host: Annotated[
        str, Meta(min_length=1, description="Address to listen on; 0.0.0.0 for all of them.")
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65535, description="Port to listen on; 0: any free one, told in the log."),
    ] = 8471
    stall_seconds: Annotated[
        float,
        Meta(
            ge=5,
            le=3600,
            description="How long a partition with records waiting may stand still.",
        ),
    ] = 120.0


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a worker tells on standard error."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least that is told.")
    ] = "info"
    format: Annotated[
        Literal["json", "text"], Meta(description="json: a line of JSON each; text: for reading.")
    ] = "json"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set, by section; the defaults run on one machine as they are."""

    broker: BrokerSettings = field(default_factory=BrokerSettings)
    topics: TopicSettings = field(default_factory=TopicSettings)
    delivery: DeliverySettings = field(default_factory=DeliverySettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    executor: ExecutorSettings = field(default_factory=ExecutorSettings)
    collector: CollectorSettings = field(default_factory=CollectorSettings)
    web: WebSettings = field(default_factory=WebSettings)
    log: LogSettings = field(default_factory=LogSettings)
