"""LinkedIn's answers, and what those that refuse say of whether a change was made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: status, body as JSON (None where it is none), LinkedIn's id of the request.

    Its text holds no body, because LinkedIn's may repeat what it was sent.
    """

    status: int
    body: Mapping[str, Any] | None
    request_id: str = ""


def parsed(status: int, content: bytes, request_id: str) -> Answer:
    """Return an answer out of what came over the wire."""
    try:
        body = json.loads(content)
    except ValueError:
        body = None
    return Answer(
        status=status, body=body if isinstance(body, dict) else None, request_id=request_id
    )


def refusal(answer: Answer, *, wait: float, version: str) -> ConnectorError | None:
    """Return the error that an answer stands for, None for a status below 300.

    Parameters
    ----------
    answer
        What came back.
    wait
        Seconds to wait if LinkedIn says that there were too many requests; it gives no hint.
    version
        The one that was asked for, for the text when it has ended.
    """
    told = {"code": _code(answer), "request_id": answer.request_id}
    status = answer.status
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(
            "LinkedIn's limit of requests for this UTC day is used up; nothing was changed.",
            retry_after=wait,
            **told,
        )
    if status in {HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED}:
        return Conflict("LinkedIn says that the entity is being changed by another.", **told)
    of_account = _of_account(answer, version, told)
    if of_account is not None:
        return of_account
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.body is None:
        return Ambiguous(
            f"LinkedIn answered status {status} without saying what was done; read it again.",
            **told,
        )
    return _of_request(answer, told)


def _of_account(answer: Answer, version: str, told: dict[str, str]) -> ConnectorError | None:
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return AuthFailed(
            "LinkedIn refuses the access token, also after it was renewed: authorize the app anew.",
            **told,
        )
    if answer.status == HTTPStatus.UPGRADE_REQUIRED:
        return AuthFailed(
            f"LinkedIn has ended version {version} of its interface: set the option `version`"
            " of the LinkedIn connector to a month that it still speaks.",
            **told,
        )
    if answer.status == HTTPStatus.FORBIDDEN:
        return AuthFailed(
            "LinkedIn grants this member or app no right to the account: give it the role of"
            " campaign manager and the scope rw_ads.",
            **told,
        )
    return None


def _of_request(answer: Answer, told: dict[str, str]) -> ConnectorError:
    if answer.status == HTTPStatus.NOT_FOUND:
        return Rejected("LinkedIn knows no such account or campaign: check its id.", **told)
    field = _field(answer)
    at = f" at {field}" if field else ""
    return Rejected(
        f"LinkedIn refuses the request{at} with status {answer.status} and code"
        f" {told['code']}: correct the value or the campaign.",
        field=field,
        **told,
    )


def _code(answer: Answer) -> str:
    body = answer.body or {}
    code = body.get("code") or body.get("serviceErrorCode") or body.get("error")
    return f"{answer.status}/{code}" if code else str(answer.status)


def _field(answer: Answer) -> str:
    details = (answer.body or {}).get("errorDetails")
    errors = details.get("inputErrors") if isinstance(details, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    path = first.get("input", {}).get("inputPath", {}) if isinstance(first, dict) else {}
    return str(path.get("fieldPath", "")) if isinstance(path, dict) else ""
