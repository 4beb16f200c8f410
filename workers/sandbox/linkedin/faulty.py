"""How LinkedIn on loopback goes wrong on the wire."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from workers.sandbox.faults import Call, Fault, FaultQueue, Planned
from workers.sandbox.http_faults import Answered, answer_by_fault

UNKNOWN_TO_LINKEDIN: Final = {
    Fault.THROTTLED: "LinkedIn gives no hint how long to wait: plan THROTTLED_WITHOUT_HINT",
    Fault.PARTIAL_FAILURE: "One change of LinkedIn's fails wholly: plan EMPTY_SUCCESS",
    Fault.BUDGET_CHANGES: "LinkedIn has no limit of budget changes in an hour",
}


class LinkedInFaults(FaultQueue):
    """Faults that LinkedIn can have."""

    def plan(self, planned: Planned) -> None:
        """Let a fault wait.

        Raises
        ------
        ValueError
            LinkedIn has no such fault, or it does not fit the kind of request.
        """
        if planned.fault in UNKNOWN_TO_LINKEDIN:
            raise ValueError(f"{UNKNOWN_TO_LINKEDIN[planned.fault]}.")
        if planned.fault is Fault.STALE_READS and planned.call is not Call.READ:
            raise ValueError("Stale reads strike reads: plan them with Call.READ.")
        if planned.fault is Fault.EDITED_MEANWHILE and (
            planned.ref is None or planned.value is None
        ):
            raise ValueError("Say by `ref` and `value` what a person sets meanwhile.")
        super().plan(planned)


def refused(status: int, code: str, field: str = "") -> web.Response:
    """Return a refusal as LinkedIn writes it."""
    inputs = [{"code": code, "input": {"inputPath": {"fieldPath": field}}}]
    details = {"errorDetails": {"inputErrors": inputs}} if field else {}
    return web.json_response(
        {"status": status, "code": code, "message": f"Refused: {code}", **details},
        status=status,
        headers={"x-li-uuid": f"sandbox-{status}"},
    )


REFUSALS: Final[dict[Fault, tuple[int, str]]] = {
    Fault.THROTTLED_WITHOUT_HINT: (429, "TOO_MANY_REQUESTS"),
    Fault.CONFLICT: (409, "CONFLICT"),
    Fault.NO_PERMISSION: (403, "ACCESS_DENIED"),
    Fault.VERSION_SUNSET: (426, "NONEXISTENT_VERSION"),
    Fault.TOKEN_EXPIRED: (401, "EXPIRED_ACCESS_TOKEN"),
    Fault.TOKEN_REVOKED: (401, "REVOKED_ACCESS_TOKEN"),
    Fault.JSON_500: (500, "INTERNAL_SERVER_ERROR"),
}


async def struck(planned: Planned, request: web.Request, answered: Answered) -> web.StreamResponse:
    """Return the answer to a request that a fault strikes; some never answer."""
    fault = planned.fault
    if fault in REFUSALS:
        return refused(*REFUSALS[fault])
    return await answer_by_fault(planned, request, answered)
