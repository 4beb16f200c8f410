"""Whatever a host does with its logs, no record of Meta's client or what it uses has a secret."""

from __future__ import annotations

import hashlib
import hmac
import io
import logging
import logging.config
import traceback
from dataclasses import asdict

import pytest

from tests.workers.connectors.meta_parts import CANARY, SECRET, change_of, meta, reference
from workers.connectors.errors import AuthFailed, ConnectorError, Rejected
from workers.connectors.meta.options import MetaCredentials, MetaOptions
from workers.connectors.protocol import Lever
from workers.sandbox.faults import Call, Fault, Planned

PROOF = hmac.new(SECRET.encode(), CANARY.encode(), hashlib.sha256).hexdigest()
SECRETS = (CANARY, SECRET, PROOF)


class Kept(logging.Handler):
    """Keeps records as they come, as handlers do that write no text."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.records.append(record)


async def exchanges() -> None:
    """Read, change, be refused, and lose the connection."""
    async with meta() as (platform, connector):
        change = change_of(reference(Lever.BID), "2")
        state = (await connector.read_state([change.ref]))[change.ref]
        await connector.apply(change, state)
        for fault in (Fault.RESET, Fault.HANG, Fault.HTML_502, Fault.TOKEN_EXPIRED):
            platform.faults.plan(Planned(fault=fault, call=Call.WRITE))
            with pytest.raises(ConnectorError):
                await connector.apply(change, state)
        with pytest.raises(AuthFailed):
            await connector.describe_account("1")


async def test_a_plain_handler_at_debug_is_shown_each_request_and_no_secret() -> None:
    stream, kept = io.StringIO(), Kept()
    for handler in (logging.StreamHandler(stream), kept):
        logging.getLogger().addHandler(handler)
    logging.getLogger("urllib3.connectionpool").addHandler(logging.StreamHandler(stream))
    logging.getLogger().setLevel(logging.DEBUG)
    await exchanges()

    told = stream.getvalue()
    assert "POST /v26.0/7?access_token=***&appsecret_proof=*** HTTP/1.1" in told
    raw = "".join(str(vars(record)) for record in kept.records)
    assert not [secret for secret in SECRETS if secret in told + raw]


async def test_a_host_that_sets_its_logs_up_after_the_connector_sees_no_secret_either() -> None:
    stream = io.StringIO()
    async with meta() as (_, connector):
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "handlers": {"all": {"class": "logging.StreamHandler", "stream": stream}},
                "loggers": {"urllib3.connectionpool": {"level": "DEBUG", "handlers": ["all"]}},
            }
        )
        await connector.describe_account("1")
    assert "access_token=***" in stream.getvalue()
    assert not [secret for secret in SECRETS if secret in stream.getvalue()]


async def test_no_logger_of_the_client_or_of_what_it_uses_lets_a_secret_through() -> None:
    kept = Kept()
    logging.getLogger().addHandler(kept)
    async with meta():
        names = [
            name
            for name in logging.root.manager.loggerDict
            if name.partition(".")[0] in {"facebook_business", "requests", "urllib3"}
        ]
        for name in names:
            logger = logging.getLogger(name)
            try:
                int(f"lost /?t={CANARY}")
            except ValueError as error:
                logger.warning("of %s: %r", CANARY, error, exc_info=True, stack_info=True)
    assert {"facebook_business", "requests", "urllib3.connectionpool"} <= set(names)
    assert len(kept.records) == len(names) > 5
    formatter = logging.Formatter()
    for record in kept.records:
        assert "ValueError: invalid literal" in formatter.format(record)
        assert CANARY not in formatter.format(record) + str(vars(record))


async def test_records_without_a_secret_stay_as_they_are() -> None:
    kept = Kept()
    logging.getLogger().addHandler(kept)
    async with meta():
        error = OSError("lost")
        logging.getLogger("urllib3.connectionpool").warning(
            "%s of %d", "part", 7, exc_info=(OSError, error, None)
        )
    [record] = kept.records
    assert (record.msg, record.args) == ("%s of %d", ("part", 7))
    assert record.exc_info == (OSError, error, None)


async def test_a_secret_that_meta_tells_back_is_not_in_the_error() -> None:
    token = "7182818284590"
    async with meta(token=token) as (platform, connector):
        platform.access_token = token
        with pytest.raises(Rejected, match=r"act_\*\*\*.*does not exist") as raised:
            await connector.describe_account(token)
        told = "".join(traceback.format_exception(raised.value)) + repr(vars(raised.value))
        assert token not in told


@pytest.mark.parametrize(
    "options",
    [
        *({"version": version} for version in ("26", "26.0", "v26", "xv26.0", "v26.0/me", "v0.1")),
        *({"version": version} for version in ("", " v26.0", "v26.0\n", "v٢٦.0")),
        *({"address": address} for address in ("http://graph.facebook.com", "graph", "https://")),
        *({"timeout": timeout} for timeout in (0.0, -1.0, float("nan"), float("inf"))),
        *({"threads": threads} for threads in (0, 11)),
    ],
)
def test_an_option_that_meta_could_not_be_spoken_to_by_is_refused_by_name(
    options: dict[str, object],
) -> None:
    [name] = options
    with pytest.raises(ValueError, match=f"^{name} "):
        MetaOptions(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", ["v26.0", "v3.3", "v100.0"])
def test_any_version_that_meta_may_have_is_taken(version: str) -> None:
    assert asdict(MetaOptions(version=version))["version"] == version


@pytest.mark.parametrize("secret", ["", "two words", "line\n", "über"])
def test_a_token_that_none_can_be_is_refused_without_being_told(secret: str) -> None:
    with pytest.raises(ValueError, match="access_token") as raised:
        MetaCredentials(access_token=secret)
    assert not secret or secret not in str(raised.value)
