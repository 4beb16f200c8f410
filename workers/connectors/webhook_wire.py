"""What goes over the wire to a webhook's receiver, and what its answers mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.protocol import Change, Ref, State
from workers.connectors.secrets import redact

LONGEST_TEXT: Final = 500


class Answer(msgspec.Struct, frozen=True):
    """What a receiver may say to a change; all of it optional."""

    after: Decimal | None = None
    request_id: str = ""
    detail: str = ""
    field: str = ""


class ToldState(msgspec.Struct, frozen=True):
    """One value that is in force, in the answer to a request for states."""

    account_id: str
    entity: str
    entity_id: str
    lever: str
    value: Decimal | None
    currency: str
    part: str = ""
    version: str = ""
    shared: bool = False
    learning: bool = False
    delivering: bool = True


class ToldStates(msgspec.Struct, frozen=True):
    """The answer to a request for states."""

    states: tuple[ToldState, ...]


def change_body(change: Change, state: State, at: datetime) -> str:
    """Return the body of a change: JSON, amounts as text."""
    expected = None if state.value is None else str(state.value)
    data = {
        **_ref(change.ref),
        "key": change.key,
        "target": str(change.target),
        "currency": change.currency,
        "expected": expected,
        "version": state.version,
    }
    return _body("change.requested", at, data)


def state_body(refs: Sequence[Ref], at: datetime) -> str:
    """Return the body of a request for states."""
    return _body("state.requested", at, {"refs": [_ref(ref) for ref in refs]})


def states(content: bytes, refs: Sequence[Ref]) -> dict[Ref, State]:
    """Return those states of an answer that were asked for."""
    try:
        told = msgspec.json.decode(content, type=ToldStates)
    except msgspec.MsgspecError as error:
        raise Ambiguous(f"the receiver's states cannot be read: {redact(str(error))}") from None
    wanted = {tuple(_ref(ref).values()): ref for ref in refs}
    found = {}
    for one in told.states:
        key = (one.account_id, one.entity, one.entity_id, one.lever, one.part)
        if key in wanted:
            found[wanted[key]] = State(
                value=one.value,
                currency=one.currency,
                version=one.version,
                shared=one.shared,
                learning=one.learning,
                delivering=one.delivering,
            )
    return found


def answer(content: bytes) -> Answer:
    """Return what an answer says; nothing where it is no JSON of ours."""
    try:
        return msgspec.json.decode(content, type=Answer)
    except msgspec.MsgspecError:
        return Answer()


def refusal(status: int, retry_after: str, content: bytes) -> ConnectorError:
    """Return the error that an answer other than 2xx stands for."""
    told = answer(content)
    detail = redact(told.detail[:LONGEST_TEXT]) or f"the receiver answered {status}"
    code, request = str(status), redact(told.request_id[:LONGEST_TEXT])
    if status == 429:  # noqa: PLR2004 -- HTTP's own numbers, here and below
        wait = seconds(retry_after, datetime.now(UTC))
        return Throttled(detail, code=code, request_id=request, retry_after=wait)
    if status == 409:  # noqa: PLR2004
        return Conflict(detail, code=code, request_id=request)
    if status in {401, 403}:
        return AuthFailed(detail, code=code, request_id=request)
    if 300 <= status < 400:  # noqa: PLR2004
        moved = f"the receiver answered {status}: redirects are not followed; set its final address"
        return Rejected(moved, code=code)
    if 400 <= status < 500:  # noqa: PLR2004
        field = redact(told.field[:LONGEST_TEXT])
        return Rejected(detail, code=code, request_id=request, field=field)
    return Ambiguous(detail, code=code, request_id=request)


def seconds(retry_after: str, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` asks for, given as a number or as a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def _ref(ref: Ref) -> dict[str, str]:
    return {
        "account_id": ref.account_id,
        "entity": ref.entity.value,
        "entity_id": ref.entity_id,
        "lever": ref.lever.value,
        "part": ref.part,
    }


def _body(kind: str, at: datetime, data: object) -> str:
    return msgspec.json.encode({"type": kind, "timestamp": at, "data": data}).decode()
