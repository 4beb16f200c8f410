"""What a failure of Google Ads says of a change, whichever exception the client made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Final, TypedDict

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.google.advice import ADVICE
from workers.connectors.google.places import Message
from workers.connectors.google.units import from_micros

_UNKNOWN_STATUS: Final = frozenset(
    {"UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "UNKNOWN", "CANCELLED", "ABORTED", "DATA_LOSS"}
)
_MEANWHILE: Final = frozenset(
    {
        "database_error/CONCURRENT_MODIFICATION",
        "criterion_error/BID_MODIFIER_ALREADY_EXISTS",
        "mutate_error/RESOURCE_ALREADY_EXISTS",
    }
)
"""Somebody else was there between the reading and the change."""
_ACCESS: Final = frozenset({"authentication_error", "authorization_error", "header_error"})
_VERSION_ENDED: Final = "request_error/UNSUPPORTED_VERSION"
_TOKEN: Final = frozenset(
    {"authentication_error/OAUTH_TOKEN_EXPIRED", "authentication_error/OAUTH_TOKEN_INVALID"}
)
_SEE_TO_CERTIFICATES: Final = (
    "whoever answers is not trusted to be Google Ads: see to this machine's certificates, to its "
    "clock, and to proxies on the way"
)
_NO_ACCESS_STATUS: Final = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A failure taken apart."""

    status: str
    """Name of the gRPC status."""
    detail: str
    code: str = ""
    """Such as ``quota_error/RESOURCE_EXHAUSTED``; empty where the platform gave none."""
    request_id: str = ""
    field: str = ""
    retry_after: float | None = None

    @property
    def token_refused(self) -> bool:
        """Whether the access token was at fault, which a new one may mend.

        The same status stands over unknown accounts and users, which no token mends.
        """
        return self.code in _TOKEN or (self.status == "UNAUTHENTICATED" and not self.code)


def from_call(call: Message, failure_type: Message, key: str) -> Failed:
    """Return what a failed call says; ``key`` is where its metadata hold the platform's words."""
    metadata = dict(call.trailing_metadata() or ())
    status = call.code().name
    request_id = str(metadata.get("request-id", ""))
    if key in metadata:
        failure = failure_type.deserialize(metadata[key])
        return from_failure(failure, status, request_id)
    text = f"{status}: {call.details() or 'no details'}"
    return Failed(status=status, detail=text, request_id=request_id)


def from_answer(answer: Message, failure_type: Message, request_id: str) -> Failed | None:
    """Return what the answer to a change says within of a failure; None where it says nothing.

    One that names what was changed as well says both, and only reading tells which is so.
    """
    error = answer.partial_failure_error
    if not error.code:
        return None
    if any(result.resource_name for result in answer.results):
        text = "the answer names what was changed, and says that it failed"
        return Failed(status="UNKNOWN", detail=text, request_id=request_id)
    status = import_module("google.rpc.code_pb2").Code.Name(error.code)
    for detail in error.details:
        if detail.type_url.endswith(".GoogleAdsFailure"):
            return from_failure(failure_type.deserialize(detail.value), status, request_id)
    return Failed(status=status, detail=f"{status}: {error.message}", request_id=request_id)


def from_failure(failure: Message, status: str, request_id: str) -> Failed:
    """Return what the platform's own words say, the first error's class before the others'."""
    errors: Sequence[Message] = failure.errors
    if not errors:
        return Failed(status=status, detail=f"{status} with no error told", request_id=request_id)
    first = errors[0]
    kind = type(first.error_code).pb(first.error_code).WhichOneof("error_code") or "unknown"
    name = getattr(first.error_code, kind).name if kind != "unknown" else "UNKNOWN"
    delay = first.details.quota_error_details.retry_delay
    return Failed(
        status=status,
        detail="; ".join(error.message for error in errors) + _minimum(first),
        code=f"{kind}/{name}",
        request_id=request_id or failure.request_id,
        field=".".join(part.field_name for part in first.location.field_path_elements),
        retry_after=delay.total_seconds() if isinstance(delay, timedelta) and delay else None,
    )


class _Told(TypedDict):
    code: str
    request_id: str


def _minimum(error: Message) -> str:
    told = error.details.budget_per_day_minimum_error_details
    if told.minimum_budget_total_amount_micros:
        least = from_micros(told.minimum_budget_total_amount_micros)
        return f" (at least {least} {told.currency_code} in all)"
    if told.minimum_budget_amount_micros:
        least = from_micros(told.minimum_budget_amount_micros)
        return f" (at least {least} {told.currency_code} a day)"
    return ""


def refusal(failed: Failed) -> ConnectorError:
    """Return the error of the class that fits."""
    told = _Told(code=failed.code or failed.status, request_id=failed.request_id)
    kind = failed.code.partition("/")[0]
    if failed.code in _MEANWHILE:
        return Conflict(f"{failed.detail}: read it again", **told)
    if kind == "quota_error" or failed.status == "RESOURCE_EXHAUSTED":
        text, wait = f"{failed.detail}: wait, then try again", failed.retry_after
        return Throttled(text, retry_after=wait, **told)
    advice = ADVICE.get(failed.code)
    if kind in _ACCESS or failed.status in _NO_ACCESS_STATUS or failed.code == _VERSION_ENDED:
        advice = advice or "see to the account's credentials and access"
        return AuthFailed(f"{failed.detail}: {advice}", **told)
    if kind == "internal_error" or failed.status in _UNKNOWN_STATUS:
        untrusted = "CERTIFICATE_VERIFY_FAILED" in failed.detail
        todo = _SEE_TO_CERTIFICATES if untrusted else "read whether it was made"
        return Ambiguous(f"{failed.detail}: {todo}", **told)
    text = f"{failed.detail}: {advice}" if advice else failed.detail
    return Rejected(text, field=failed.field, **told)
