"""Connects to Kafka as the settings say; every client of a process gets its options from here."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    BrokerResponseError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
)

from workers.errors import UsageError, WorkerError
from workers.header_names import read_any_header_name
from workers.reachability import why_unreachable
from workers.settings import BrokerSettings

UNAVAILABLE = (
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    RequestTimedOutError,
    TimeoutError,
    OSError,
)

_PEM = "certificates and keys are PEM files; the key must be the certificate's own"


class KafkaUnavailableError(WorkerError):
    """Kafka could not be reached, or did not let us in."""


class KafkaRefusedError(WorkerError):
    """Kafka was reached, and refused a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to connect: addresses, TLS and login, ready for aiokafka and Faust."""

    servers: tuple[str, ...]
    security: str
    timeout_seconds: float
    mechanism: str = ""
    username: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None

    def __repr__(self) -> str:
        """Leave the password out."""
        return f"Connection({','.join(self.servers)}, {self.security})"

    def client_options(self) -> dict[str, Any]:
        """Return keyword arguments for any client of aiokafka."""
        return {"bootstrap_servers": list(self.servers), **self.security_options()}

    def security_options(self) -> dict[str, Any]:
        """Return those of :meth:`client_options` that say how a connection is protected."""
        options: dict[str, Any] = {"security_protocol": self.security}
        if self.tls is not None:
            options["ssl_context"] = self.tls
        if self.username:
            options["sasl_mechanism"] = self.mechanism
            options["sasl_plain_username"] = self.username
            options["sasl_plain_password"] = self.password
        return options

    def faust_options(self) -> dict[str, Any]:
        """Return keyword arguments for ``faust.App``."""
        # Not above: commands that only talk to Kafka start twice as fast without Faust.
        from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415

        options: dict[str, Any] = {"broker": [f"kafka://{server}" for server in self.servers]}
        if self.username:
            options["broker_credentials"] = SASLCredentials(
                username=self.username,
                password=self.password,
                mechanism=self.mechanism,
                ssl_context=self.tls,
            )
        elif self.tls is not None:
            options["broker_credentials"] = SSLCredentials(self.tls)
        return options

    @asynccontextmanager
    async def admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        """Give an administration client, connected.

        Raises
        ------
        KafkaUnavailableError
            Kafka did not answer within ``timeout_seconds``, or did not let us in.
        KafkaRefusedError
            Kafka refused a request made inside the block.
        """
        client = AIOKafkaAdminClient(
            request_timeout_ms=int(self.timeout_seconds * 1000), **self.client_options()
        )
        async with self.opened(client.start, client.close), self.explained():
            yield client

    @asynccontextmanager
    async def opened(
        self, start: Callable[[], Awaitable[object]], stop: Callable[[], Awaitable[object]]
    ) -> AsyncIterator[None]:
        """Start a client within the time allowed, and stop it however the block ends."""
        try:
            async with asyncio.timeout(self.timeout_seconds):
                await start()
        except (KafkaError, TimeoutError, OSError) as error:
            await stop()
            raise await self._unavailable() from error
        except asyncio.CancelledError:
            await stop()
            raise
        # aiokafka's stop fails on background tasks that have not had their first turn.
        await asyncio.sleep(0)
        try:
            yield
        finally:
            await stop()

    @asynccontextmanager
    async def explained(self) -> AsyncIterator[None]:
        """Turn what aiokafka raises in the block into a `WorkerError`."""
        try:
            yield
        except UNAVAILABLE as error:
            raise await self._unavailable() from error
        except BrokerResponseError as error:
            detail = str(error.args[0]) if error.args else error.description
            name = type(error).__name__.removesuffix("Error")
            raise KafkaRefusedError(f"Kafka at {self.where} said {name}: {detail}") from error

    @property
    def where(self) -> str:
        """The addresses, as one text."""
        return ",".join(self.servers)

    async def _unavailable(self) -> KafkaUnavailableError:
        reason = await why_unreachable(
            self.servers, self.security_options(), limit_seconds=self.timeout_seconds
        )
        return KafkaUnavailableError(reason.problem, remedy=reason.remedy)


def connect(broker: BrokerSettings, environment: Mapping[str, str] = os.environ) -> Connection:
    """Resolve references and files of ``broker`` into a connection; nothing is contacted yet.

    Parameters
    ----------
    broker
        Where Kafka is, and how to log in.
    environment
        Where ``env:NAME`` is looked up.

    Raises
    ------
    UsageError
        No address is set; a variable or file that the settings name is missing or unusable.
    """
    if not broker.servers:
        raise UsageError(
            "no Kafka is set",
            remedy="set broker.bootstrap, PACEKEEPER_BROKER or --bootstrap to host:port",
        )
    read_any_header_name()
    return Connection(
        servers=broker.servers,
        security=broker.security,
        timeout_seconds=broker.timeout_seconds,
        mechanism=broker.sasl_mechanism,
        username=broker.username,
        password=_secret("broker.password", broker.password, environment),
        tls=_tls(broker) if broker.security.endswith("SSL") else None,
    )


def _secret(name: str, reference: str, environment: Mapping[str, str]) -> str:
    kind, _, place = reference.partition(":")
    if kind == "env":
        if value := environment.get(place):
            return value
        raise UsageError(f"{name} is {reference}, and the variable {place} is not set")
    if kind != "file":
        return ""
    return _read(name, place, remedy="write the password as UTF-8").rstrip("\r\n")


def _read(name: str, path: str, *, remedy: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {name}, {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}, {path}, is no text", remedy=remedy) from error


def _tls(broker: BrokerSettings) -> ssl.SSLContext:
    for name in ("ca_file", "certificate_file", "key_file"):
        if path := getattr(broker, name):
            _read(f"broker.{name}", path, remedy=_PEM)
    try:
        context = ssl.create_default_context(cafile=broker.ca_file or None)
        if broker.certificate_file:
            context.load_cert_chain(broker.certificate_file, broker.key_file or None)
    except ssl.SSLError as error:
        files = ", ".join(filter(None, (broker.ca_file, broker.certificate_file, broker.key_file)))
        raise UsageError(
            f"a certificate or key does not fit: {error.reason or error} ({files})",
            remedy=_PEM,
        ) from error
    return context
