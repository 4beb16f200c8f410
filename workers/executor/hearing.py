"""What platforms have said, as tables and the audit trail can have it.

A platform's texts and numbers are whatever they are. None of them may keep an outcome from being
written down: its order would stay open, and every restart would fail at it anew.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Final

from schemas.errors import SchemaError
from schemas.money import check_amount
from workers.executor.live.outcome import Outcome
from workers.instants import LAST_MS

_LONGEST_CODE: Final = 200
_MOST_ATTEMPTS: Final = 10_000


def writable(told: Outcome, begun: int) -> Outcome:
    """Return the outcome of an order that was ``begun`` then (ms), as an entry can have it.

    Amounts that are none are not known; what was sent is told in words where the platform's unit
    makes it too large for one.
    """
    text = _legible(told.text)
    if told.sent and sent_of(told) is None:
        text = f"{text}; {_legible(told.sent)[:_LONGEST_CODE]} was sent".removeprefix("; ")
    return replace(
        told,
        text=text,
        at=min(max(int(told.at * 1000), begun), LAST_MS) / 1000,
        before=_amount(told.before),
        after=_amount(told.after),
        attempts=min(told.attempts, _MOST_ATTEMPTS),
        platform_code=_legible(told.platform_code)[:_LONGEST_CODE],
        request_id=_legible(told.request_id)[:_LONGEST_CODE],
    )


def sent_of(told: Outcome) -> Decimal | None:
    """Return what was sent, in the platform's own unit; None where it is no amount."""
    try:
        return _amount(Decimal(told.sent))
    except InvalidOperation:
        return None


def _amount(value: Decimal | None) -> Decimal | None:
    try:
        if value is not None:
            check_amount(value, "value")
    except SchemaError:
        return None
    return value


def _legible(text: str) -> str:
    """Return the text without halves of characters: some platforms cut theirs in the middle."""
    return text.encode(errors="replace").decode()
