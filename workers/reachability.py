"""Finds out why Kafka cannot be reached, by trying once more and looking at what happens.

aiokafka logs the causes and raises "unable to bootstrap"; a person needs the cause.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    IllegalSaslStateError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

_ADDRESS = "broker.bootstrap, PACEKEEPER_BROKER or --bootstrap"
"""Where the address may come from, to a person who may know of one of them only."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why it did not work, and what to do."""

    problem: str
    remedy: str


async def why_unreachable(
    servers: Sequence[str], security: Mapping[str, Any], *, limit_seconds: float
) -> Reason:
    """Try each server, and return the reason why the last one could not be used.

    Parameters
    ----------
    servers
        ``host:port`` each.
    security
        aiokafka's options for TLS and login.
    limit_seconds
        How long to try each server.
    """
    reason = Reason("no Kafka address is set", f"set {_ADDRESS}")
    for server in servers:
        try:
            async with asyncio.timeout(limit_seconds):
                brokers = await _brokers_seen_from(server, security)
                return await _unreachable_broker(server, brokers)
        except (KafkaError, OSError, TimeoutError) as error:
            reason = explain(server, security, error, limit_seconds)
    return reason


async def _brokers_seen_from(server: str, security: Mapping[str, Any]) -> list[tuple[str, int]]:
    host, _, port = server.rpartition(":")
    connection = await create_conn(host.strip("[]"), int(port), **security)
    try:
        metadata = await connection.send(MetadataRequest([]))
        return [(broker[1], broker[2]) for broker in metadata.brokers]
    finally:
        connection.close()


async def _unreachable_broker(server: str, brokers: Sequence[tuple[str, int]]) -> Reason:
    for host, port in brokers:
        try:
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return Reason(
                f"Kafka at {server} answers, but names {host}:{port}, which cannot be reached",
                "advertised.listeners of the broker must be an address that this machine reaches",
            )
        writer.close()
    return Reason(
        f"Kafka at {server} answers again, but did not in time",
        "it is overloaded or was restarting: try again, or raise broker.timeout_seconds",
    )


def explain(
    server: str, security: Mapping[str, Any], error: BaseException, limit_seconds: float
) -> Reason:
    """Return what ``error``, met when connecting to ``server``, means."""
    user, mechanism = security.get("sasl_plain_username"), security.get("sasl_mechanism")
    check = f"check that it speaks broker.security, which is {security['security_protocol']}"
    match error:
        case ssl.SSLCertVerificationError():
            problem = f"the certificate of {server} is not trusted: {error.verify_message}"
            check = "set broker.ca_file to the certificate that signed it"
        case ssl.SSLError():
            problem = f"{server} did not accept TLS: {error.reason or error}"
        case AuthenticationFailedError() | SaslAuthenticationFailed():
            problem = f"{server} refused user {user!r} with {mechanism}"
            check = "check broker.username, broker.password and broker.sasl_mechanism"
        case UnsupportedSaslMechanismError() | IllegalSaslStateError():
            problem = f"{server} offers no login with {mechanism}"
            check = "set broker.sasl_mechanism to one that it offers"
        case socket.gaierror():
            problem, check = f"the name in {server} is not known", f"check {_ADDRESS}"
        case ConnectionRefusedError():
            problem = f"nothing listens at {server}"
            check = f"start Kafka there, or check {_ADDRESS}"
        case TimeoutError():
            problem = f"{server} did not answer within {limit_seconds:g} s"
        case _:
            problem = f"cannot talk to Kafka at {server}: {str(error) or type(error).__name__}"
    return Reason(problem, check)
