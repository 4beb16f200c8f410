"""How Meta on loopback goes wrong on the wire."""

from __future__ import annotations

import json
from typing import Final

from aiohttp import web

from workers.sandbox.faults import Call, Fault, FaultQueue, Planned
from workers.sandbox.http_faults import Answered, answer_by_fault


class MetaFaults(FaultQueue):
    """Faults that Meta can have."""

    def plan(self, planned: Planned) -> None:
        """Let a fault wait.

        Raises
        ------
        ValueError
            Meta has no such fault, or it does not fit the kind of request.
        """
        if planned.fault is Fault.CONFLICT:
            raise ValueError("Meta does not tell of conflicts: plan EDITED_MEANWHILE.")
        if planned.fault is Fault.PARTIAL_FAILURE:
            raise ValueError("One change of Meta's fails wholly: plan EMPTY_SUCCESS.")
        if planned.call is Call.TOKEN:
            raise ValueError("Meta's tokens are not asked for here: plan READ or WRITE.")
        if planned.fault is Fault.STALE_READS and planned.call is not Call.READ:
            raise ValueError("Stale reads strike reads: plan them with Call.READ.")
        if planned.fault is Fault.EDITED_MEANWHILE and (
            planned.ref is None or planned.value is None
        ):
            raise ValueError("Say by `ref` and `value` what a person sets meanwhile.")
        super().plan(planned)


def refused(
    code: int, subcode: int = 0, message: str = "Refused.", field: str = "", status: int = 400
) -> web.Response:
    """Return an error as Graph writes it."""
    error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Asandbox"}
    data = {"error_data": {"blame_field_specs": [[field]]}} if field else {}
    more = {"error_subcode": subcode} if subcode else {}
    return web.json_response({"error": {**error, **more, **data}}, status=status)


REFUSALS: Final = {
    Fault.THROTTLED: (80004, 2446079),
    Fault.THROTTLED_WITHOUT_HINT: (17, 2446079),
    Fault.BUDGET_CHANGES: (613, 1487632),
    Fault.TOKEN_EXPIRED: (190, 463),
    Fault.TOKEN_REVOKED: (190, 460),
    Fault.NO_PERMISSION: (200, 0),
    Fault.VERSION_SUNSET: (2635, 0),
}


def usage(share: float, minutes: float = 0) -> str:
    """Return the header that tells of limits."""
    row = {
        "type": "ads_management",
        "call_count": round(100 * share),
        "total_cputime": 1,
        "total_time": 1,
        "estimated_time_to_regain_access": minutes,
    }
    return json.dumps({"1": [row]})


async def struck(planned: Planned, request: web.Request, answered: Answered) -> web.StreamResponse:
    """Return the answer to a request that a fault strikes; some never answer."""
    fault = planned.fault
    if fault in REFUSALS:
        answer = refused(*REFUSALS[fault])
        minutes = planned.seconds / 60 if fault is Fault.THROTTLED else 0
        answer.headers["x-business-use-case-usage"] = usage(1, minutes)
        return answer
    if fault is Fault.JSON_500:
        return web.json_response({"oops": True}, status=500)
    return await answer_by_fault(planned, request, answered)
