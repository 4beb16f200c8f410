"""What Meta's answers say: of limits, and of whether a change was made."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Rejected, Throttled

THROTTLES: Final = frozenset({4, 17, 32, 613, *range(80000, 80015)})
TOKENS: Final = frozenset({102, 190})
PERMISSIONS: Final = frozenset({3, 10, *range(200, 300)})
"""Of the app or the user: what Meta's reference of errors calls permission or capability."""
VERSION_ENDED: Final = 2635
TRANSIENT: Final = frozenset({1, 2})
BUDGET_CHANGES: Final = 1487632
"""Subcode: an ad set's budget was changed four times in an hour."""
UNKNOWN_OBJECT: Final = "100/33"
_FAILED: Final = 300


def failure(status: int, text: str, headers: Mapping[str, str]) -> ConnectorError | None:
    """Return how an answer refuses; None where it does not."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    request_id = headers.get("x-fb-trace-id", "")
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return _graph_error(error, status, headers)
    if status < _FAILED and isinstance(body, dict):
        return _undone(body, request_id)
    return Ambiguous(
        f"Meta's edge answered with status {status} and nothing of Meta's: only reading tells"
        " whether a change was made.",
        code=str(status),
        request_id=request_id,
    )


def _undone(body: Mapping[str, Any], request_id: str) -> ConnectorError | None:
    """Return what the client itself would take for a failure, although no error is told."""
    if body.get("success") is not False and "Service Unavailable" not in body:
        return None
    return Ambiguous(
        "Meta's answer says neither that it was done nor why not: only reading tells.",
        request_id=request_id,
    )


def _graph_error(
    error: Mapping[str, Any], status: int, headers: Mapping[str, str]
) -> ConnectorError:
    code, subcode = error.get("code"), error.get("error_subcode")
    said = error.get("error_user_msg") or error.get("message") or "no reason"
    known = {
        "code": f"{code}/{subcode}" if subcode else str(code),
        "request_id": str(error.get("fbtrace_id") or headers.get("x-fb-trace-id", "")),
    }
    if code in THROTTLES:
        wait = 3600.0 if subcode == BUDGET_CHANGES else regain(headers)
        return Throttled(f"Meta asks to wait: {said}", retry_after=wait, **known)
    if code in TOKENS:
        return AuthFailed(f"Meta refuses the token: {said} Give a new one.", **known)
    if code in PERMISSIONS:
        todo = "give its user the ad account, and the token ads_management."
        return AuthFailed(f"Meta grants no permission: {said} See to the app, or {todo}", **known)
    if code == VERSION_ENDED:
        return AuthFailed(f"Meta has ended the version: set the option `version`. {said}", **known)
    if code in TRANSIENT or error.get("is_transient") is True or status >= 500:  # noqa: PLR2004
        return Ambiguous(f"Meta failed, and a change may have been made: {said}", **known)
    return Rejected(f"Meta refuses: {said}", field=_field(error), **known)


def _field(error: Mapping[str, Any]) -> str:
    data = error.get("error_data")
    try:
        data = json.loads(data) if isinstance(data, str) else data
    except ValueError:
        return ""
    specs = data.get("blame_field_specs") if isinstance(data, dict) else None
    while isinstance(specs, list) and specs:
        specs = specs[0]
    return specs if isinstance(specs, str) else ""


def _limits(headers: Mapping[str, str], name: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(headers.get(name, "{}"))
    except ValueError:
        return
    if isinstance(found, dict):
        yield found
        for rows in found.values():
            yield from (row for row in (rows if isinstance(rows, list) else ()) if _is_map(row))


def _is_map(row: object) -> bool:
    return isinstance(row, dict)


def regain(headers: Mapping[str, str]) -> float | None:
    """Return the seconds until requests are taken again; None where not said."""
    minutes = [
        row.get("estimated_time_to_regain_access")
        for row in _limits(headers, "x-business-use-case-usage")
    ]
    told = [float(found) for found in minutes if isinstance(found, int | float) and found > 0]
    return max(told) * 60 if told else None


def usage(headers: Mapping[str, str]) -> float | None:
    """Return the share of the tightest limit that is used up; None where not said."""
    names = ("call_count", "total_cputime", "total_time", "acc_id_util_pct")
    told = [
        float(row[name])
        for header in ("x-business-use-case-usage", "x-ad-account-usage", "x-app-usage")
        for row in _limits(headers, header)
        for name in names
        if isinstance(row.get(name), int | float)
    ]
    return max(told) / 100 if told else None
