"""Schedules of budgets, Meta's high-demand periods: more money a day for a stretch of time to come.

Making one is not idempotent, and Meta gives it an id of its own and no name. It is found again by
its times, to the second: so one that was made by a call whose answer was lost is read before a
second one could be made. Increases are told as absolute amounts, in Meta's units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple

from workers.connectors.errors import Ambiguous, Rejected
from workers.connectors.meta.units import offset
from workers.connectors.meta.values import BUDGETS, value, whose, wire_value
from workers.connectors.protocol import Change, Lever, Ref, State
from workers.connectors.stretches import Stretch, stretch_of

EDGE: Final = "budget_schedules"
FIELDS: Final = "id,time_start,time_end,budget_value,budget_value_type"
_NONE: Final = "-"
_STEP: Final = timedelta(minutes=15) // timedelta(seconds=1)
"""Seconds of which times are multiples."""


class Request(NamedTuple):
    """What makes a change: method, path and form."""

    method: str
    path: tuple[str, ...]
    form: dict[str, Any]


def is_increase(ref: Ref) -> bool:
    """Return whether it is an increase of a budget in a stretch of time."""
    return ref.lever is Lever.BUDGET_INCREASE and stretch_of(ref.part) is not None


def window_of(ref: Ref) -> dict[str, Any]:
    """Return what the edge is asked for: the periods that a stretch meets."""
    start, end = _seconds(ref)
    return {"fields": FIELDS, "time_start": start, "time_stop": end}


def increase_state(
    ref: Ref, body: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], currency: str
) -> State:
    """Return the increase in a stretch, 0 where there is none.

    Raises
    ------
    Rejected
        Two periods have its times.
    """
    found = [row for row in rows if _times(row) == _seconds(ref)]
    if len(found) > 1:
        raise Rejected(f"{len(found)} high-demand periods last {ref.part}: keep one", field="id")
    base = value(body, Lever.DAILY_BUDGET, currency)
    period = str(found[0]["id"]) if found else _NONE
    return State(
        value=_amount(found[0], currency) if found else Decimal(0),
        currency=currency,
        version=f"{whose(ref)} {ref.part} {period} {'elsewhere' if base is None else 'daily'}",
        base=base,
        delivering=body.get("effective_status", body.get("status")) == "ACTIVE",
    )


def increase_request(change: Change, state: State) -> Request:
    """Return what makes an increase, changes it, or deletes it where it is nothing.

    Raises
    ------
    Rejected
        No such amount or times can be set, or the daily budget is not here.
    """
    whom, part, period, place = [*state.version.split(" "), "", "", ""][:4]
    if (whom, part) != (whose(change.ref), change.ref.part):
        raise Rejected("The state was not read of this stretch: read it, then change it.")
    start, end = _seconds(change.ref)
    if start % _STEP or end % _STEP:
        raise Rejected("Times of high-demand periods are multiples of 15 minutes.", field=EDGE)
    if change.target == 0:
        if period == _NONE:
            raise Rejected("There is no high-demand period to delete.", field=EDGE)
        return Request("DELETE", (period,), {})
    if place != "daily":
        raise Rejected(
            f"The {change.ref.entity} has no daily budget to add to: {BUDGETS[Lever.DAILY_BUDGET]}"
            " lives elsewhere, or it has one of its lifetime.",
            field=BUDGETS[Lever.DAILY_BUDGET],
        )
    field, amount = wire_value(change.ref.lever, change.target, change.currency)
    form = {
        field: amount,
        "budget_value_type": "ABSOLUTE",
        "time_start": start,
        "time_end": end,
    }
    path = (change.ref.entity_id, EDGE) if period == _NONE else (period,)
    return Request("POST", path, form)


def sent_by(request: Request) -> str:
    """Return the amount as it goes over the wire."""
    return str(request.form.get("budget_value", "0"))


def _amount(row: Mapping[str, Any], currency: str) -> Decimal | None:
    """Return the increase; None of one that is no amount of money, which is somebody else's."""
    if row.get("budget_value_type") != "ABSOLUTE":
        return None
    return Decimal(str(row["budget_value"])) / offset(currency)


def _seconds(ref: Ref) -> tuple[int, int]:
    stretch = stretch_of(ref.part)
    if stretch is None:
        raise Rejected(f"{ref.part!r} is no stretch of time.", field="part")
    return _span(stretch)


def _span(stretch: Stretch) -> tuple[int, int]:
    return int(stretch.start.timestamp()), int(stretch.end.timestamp())


def _times(row: Mapping[str, Any]) -> tuple[int, int]:
    return _second(row.get("time_start")), _second(row.get("time_end"))


def _second(told: object) -> int:
    """Return a time that is told as a number, or as text such as 2026-07-10T22:00:00+0000."""
    try:
        if isinstance(told, int):
            return told
        return int(datetime.strptime(str(told), "%Y-%m-%dT%H:%M:%S%z").timestamp())
    except ValueError:
        raise Ambiguous("Meta's answer has a period without times: ask again.") from None
