"""Secrets by reference: where they are is told anywhere, what they are nowhere."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import quote, quote_plus

from workers.connectors.errors import AuthFailed

HIDDEN: Final = "***"
SHORTEST: Final = 8
"""Least characters of a secret: hiding a shorter one would hide parts of any text."""

_PREFIX: Final = "whsec_"
_FIELDS = (
    "access_token|appsecret_proof|refresh_token|client_secret|developer[-_]token|authorization"
)
_ASSIGNED = re.compile(
    rf"({_FIELDS})(\\?[\"']?\s*[:=,]\s*(?:b(?=[\"']))?\\?[\"']?(?:(?:bearer|basic)\s+)?)[^\s&\"'\\,;)}}\]]+",
    re.IGNORECASE,
)
_known: set[str] = set()


class Secret:
    """A secret and where it is from; only `reveal` shows it.

    Raises
    ------
    AuthFailed
        It has fewer than `SHORTEST` characters, a webhook's prefix not counted.
    """

    __slots__ = ("_value", "reference", "warning")

    def __init__(self, value: str, reference: str, warning: str = "") -> None:
        if len(value.removeprefix(_PREFIX)) < SHORTEST:
            raise AuthFailed(
                f"secret {reference} has fewer than {SHORTEST} characters, which no text could be "
                "kept clear of; see whether it was cut off, or have a longer one made"
            )
        self._value = value
        self.reference = reference
        self.warning = warning
        remember(value)

    def reveal(self) -> str:
        """Return the secret itself, to hand it to a client and to nobody else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference})"

    def __format__(self, _spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("a secret is not copied or stored; hand on its reference")


def resolve(reference: str, environment: Mapping[str, str] = os.environ) -> Secret:
    """Return the secret that ``env:NAME`` or ``file:/path`` refers to.

    Raises
    ------
    AuthFailed
        It is missing, empty or too short, or this is no reference; the text shows no secret.
    """
    scheme, _, place = reference.partition(":")
    if scheme == "env" and re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", place):
        value, warning = environment.get(place), ""
        if value is None:
            raise AuthFailed(f"secret env:{place}: the variable is not set; set it and start anew")
    elif scheme == "file" and Path(place).is_absolute():
        value, warning = _read(Path(place))
    else:
        raise AuthFailed(
            "a secret is given as env:NAME or file:/absolute/path; what stands there is neither, "
            "and is not shown because it may be the secret itself"
        )
    if not value.strip():
        raise AuthFailed(f"secret {reference} is empty")
    return Secret(value.strip(), reference, warning)


def _read(path: Path) -> tuple[str, str]:
    try:
        mode = path.stat().st_mode
        value = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AuthFailed(f"secret file:{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise AuthFailed(f"secret file:{path} is not text in UTF-8") from None
    open_to = mode & 0o077
    warning = f"{path} is open to others than its owner; chmod 600 {path}" if open_to else ""
    return value, warning


def remember(value: str) -> None:
    """Let `redact` know a secret; an empty one is none."""
    if value:
        _known.update(_spellings(value))


def redact(text: str) -> str:
    """Return the text without any secret that is known, or that stands after a known name."""
    for spelling in sorted(_known, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    return _ASSIGNED.sub(rf"\1\2{HIDDEN}", text)


def _spellings(value: str) -> set[str]:
    """Return the secret as addresses, JSON and representations write it."""
    spelled = set()
    for one in (value, value.removeprefix(_PREFIX)):
        spelled |= {one, quote(one, safe=""), quote_plus(one), repr(one)[1:-1]}
        spelled.add(json.dumps(one)[1:-1])
    return spelled


class RedactingFormatter(logging.Formatter):
    """Writes records as another formatter does, tracebacks included, without secrets."""

    def __init__(self, inner: logging.Formatter) -> None:
        super().__init__()
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text in which no secret is left."""
        return redact(self._inner.format(record))


class RedactingFilter(logging.Filter):
    """Takes secrets out of a logger's own records, before any handler of whomever sees them.

    Hangs on the one logger it is added to: records of loggers below it do not pass. A record
    without a secret stays as it is.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return True, the record's text, exception and stack without secrets."""
        text = record.getMessage()
        if redact(text) != text:
            record.msg, record.args = redact(text), ()
        if record.exc_info:
            told = logging.Formatter().formatException(record.exc_info)
            if redact(told) != told:
                record.exc_text, record.exc_info = redact(told), None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
