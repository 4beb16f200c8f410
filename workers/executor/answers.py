"""Answers of a group's ledger, on the action that has asked: granted, or how much is moved."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from schemas.errors import Reason, SchemaError
from schemas.headers import MOVEMENT
from workers.delivery.api import Header, Record


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ledger of a group has said of a raise; amounts in the group's currency."""

    group: str
    granted: bool
    amount: Decimal
    """By how much the budget is to be raised."""
    used: Decimal
    """What is moved or granted in the 24 hours before, without this one."""
    limit: Decimal
    again: int | None = None
    """When there may be room, milliseconds; None where there never is."""


def header_of(answer: Answer) -> Header:
    """Return the header that carries an answer."""
    return MOVEMENT, msgspec.json.encode(answer)


def answer_on(record: Record) -> Answer | None:
    """Return the answer that comes with an action; None where there is none.

    Raises
    ------
    SchemaError
        It cannot be read.
    """
    for name, value in record.headers:
        if name == MOVEMENT:
            try:
                return _ANSWER.decode(value or b"")
            except msgspec.MsgspecError as error:
                detail = f"header {MOVEMENT} cannot be read: {error}"
                raise SchemaError("", Reason.CONTRADICTION, detail) from None
    return None


_ANSWER = msgspec.json.Decoder(Answer)
