"""Which answer each fault is on Google Ads."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from workers.sandbox.faults import Fault, FaultQueue, Planned
from workers.sandbox.google.refusals import ROOT, Refusal, invalid

_DELAY: Final = "quota_error_details"
PLAIN: Final = {
    Fault.HTML_502: Refusal(status="UNAVAILABLE"),
    Fault.EDITED_MEANWHILE: Refusal(status="UNAVAILABLE"),
    Fault.JSON_500: Refusal(status="INTERNAL", code="internal_error/INTERNAL_ERROR", message="oh"),
    Fault.EMPTY_504: Refusal(status="DEADLINE_EXCEEDED"),
    Fault.THROTTLED_WITHOUT_HINT: Refusal(
        status="RESOURCE_EXHAUSTED", code="quota_error/RESOURCE_EXHAUSTED", message="too many"
    ),
    Fault.CONFLICT: invalid("database_error/CONCURRENT_MODIFICATION", "changed meanwhile"),
    Fault.NO_PERMISSION: Refusal(
        status="PERMISSION_DENIED",
        code="authorization_error/USER_PERMISSION_DENIED",
        message="the user may not",
    ),
    Fault.VERSION_SUNSET: invalid("request_error/UNSUPPORTED_VERSION", "the version has ended"),
}
_UNTRUE: Final = frozenset({Fault.BUDGET_CHANGES})
"""Google Ads does no such thing."""


class GoogleFaults(FaultQueue):
    """Faults that Google Ads can have."""

    def plan(self, planned: Planned) -> None:
        """Let a fault wait; raise `ValueError` for one that Google Ads cannot have."""
        if planned.fault in _UNTRUE:
            raise ValueError(f"Google Ads has no fault {planned.fault}: plan another")
        super().plan(planned)


def throttled(seconds: float) -> Refusal:
    """Return a refusal that says how long to wait."""
    duration = import_module("google.protobuf.duration_pb2").Duration()
    duration.FromMilliseconds(int(seconds * 1000))
    return Refusal(
        status="RESOURCE_EXHAUSTED",
        code="quota_error/RESOURCE_TEMPORARILY_EXHAUSTED",
        message="too many requests",
        details={_DELAY: {"retry_delay": duration}},
    )


def partly_failed(request_id: str) -> dict[str, Any]:
    """Return an answer that is a success, and says within that nothing was done."""
    refused = invalid("mutate_error/MUTATE_NOT_ALLOWED", "this cannot be changed", "operations")
    failure = refused.failure(request_id)
    any_type = import_module("google.protobuf.any_pb2").Any
    detail = any_type(
        type_url=f"type.googleapis.com/{ROOT}.errors.GoogleAdsFailure",
        value=type(failure).serialize(failure),
    )
    status = import_module("google.rpc.status_pb2").Status
    error = status(code=3, message=refused.message, details=[detail])
    return {"partial_failure_error": error, "results": [{}]}
