"""Logs of a worker: one event per line on standard error, as JSON or for reading."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import TextIO

import orjson
import structlog
from aiokafka.errors import NotEnoughReplicasError
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

from workers.connectors.secrets import RedactingFormatter
from workers.settings import LogSettings

CHATTY = (
    "aiokafka",
    "aiohttp",
    "asyncio",
    "faust",
    "httpcore",
    "httpx",
    "mode",
    "urllib3",
    "workers.delivery",
)
"""Who logs every heartbeat, request and service that starts (delivery's are Faust's services); the
debug calls alone cost a third of the throughput."""


def configure_logging(settings: LogSettings, *, stream: TextIO = sys.stderr) -> None:
    """Send this process's logs, and those of its libraries from WARNING on, to ``stream``."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
        structlog.processors.StackInfoRenderer(),
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=_rendering(settings, stream),
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(RedactingFormatter(formatter))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    _quieten(max(logging.WARNING, root.level))


def _quieten(level: int) -> None:
    """Let the chatty libraries log from ``level`` on, but not what is a matter of course."""
    for name in CHATTY:
        logging.getLogger(name).setLevel(level)
    logging.getLogger("aiokafka.producer.sender").addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Tell a warning from the broker's way to say that it is still verifying a transaction.

    It says so at the first record that a transaction writes to a partition; the retry succeeds.
    """
    retried = record.args[-1] if isinstance(record.args, tuple) and record.args else None
    return retried is not NotEnoughReplicasError


def _rendering(settings: LogSettings, stream: TextIO) -> list[Processor]:
    bare = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if settings.format == "text":
        plain = structlog.dev.plain_traceback
        colors = stream.isatty()
        return [bare, structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)]
    return [
        bare,
        # Without local variables: they are cut short, and half a secret is not recognised.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        structlog.processors.JSONRenderer(serializer=_one_line),
    ]


def _one_line(event: Mapping[str, object], **_: object) -> str:
    """Write what one looks for first at the beginning of the line."""
    first = {name: event[name] for name in ("time", "level", "event") if name in event}
    return orjson.dumps({**first, **event}, default=repr).decode()
