"""Seasonality adjustments: how far conversion rates will differ in a stretch of time to come.

Making one is not idempotent, and Google gives it a number of its own. So each has a name that says
whose it is and when, by which it is found again: one that was made by a call whose answer was lost
is read before another one could be made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from workers.connectors.errors import Rejected
from workers.connectors.google.places import Message, Place
from workers.connectors.google.values import told
from workers.connectors.protocol import Change, Lever, Ref, State
from workers.connectors.stretches import stretch_of

COLLECTION: Final = "biddingSeasonalityAdjustments"
NOTHING: Final = Decimal(1)
"""The factor that changes nothing: none is made for it, and one that is there is removed."""
_FIELD: Final = "conversion_rate_modifier"
_FORMAT: Final = "%Y-%m-%d %H:%M:%S"


def seasonal_states(
    refs: Sequence[Ref], campaigns: Sequence[Message], rows: Sequence[Message]
) -> dict[Ref, State]:
    """Return the states of campaigns' stretches; of campaigns that are not there none is told.

    ``campaigns`` and ``rows`` are of the queries for campaigns and for adjustments.

    Raises
    ------
    Rejected
        Two adjustments have the name of one stretch.
    """
    by_id = {str(row.campaign.id): row for row in campaigns}
    return {
        ref: _state(ref, by_id[ref.entity_id], rows)
        for ref in refs
        if ref.entity_id in by_id and stretch_of(ref.part)
    }


def _state(ref: Ref, campaign: Message, rows: Sequence[Message]) -> State:
    name = campaign.campaign.resource_name
    strategy, zone = campaign.campaign.bidding_strategy_type.name, campaign.customer.time_zone
    found = [row.bidding_seasonality_adjustment for row in rows]
    found = [each for each in found if each.name == marker(ref)]
    if len(found) > 1:
        raise Rejected(f"{len(found)} seasonality adjustments are named {marker(ref)!r}: keep one")
    resource = found[0].resource_name if found else f"{_root(name)}/{COLLECTION}/new"
    where = Place(resource, _FIELD, strategy, exists=bool(found), zone=zone)
    return State(
        value=_value(ref, name, found[0], zone) if found else NOTHING,
        currency=campaign.customer.currency_code,
        version=where.version(ref),
        delivering=campaign.campaign.status.name == "ENABLED",
    )


def _value(ref: Ref, campaign: str, found: Message, zone: str) -> Decimal | None:
    """Return the factor; None where somebody has given it other times or other campaigns."""
    times = found.start_date_time, found.end_date_time
    same = times == _local_times(ref, zone) and list(found.campaigns) == [campaign]
    return told(Lever.SEASONALITY, getattr(found, _FIELD)) if same else None


def season_operation(where: Place, change: Change, factor: float) -> Mapping[str, object]:
    """Return what makes an adjustment, changes it, or removes it where the factor changes nothing.

    Raises
    ------
    Rejected
        It is not there to be removed, or a time of it is told twice by the account's clocks.
    """
    if change.target == NOTHING:
        if not where.exists:
            raise Rejected("there is no seasonality adjustment to remove", field=_FIELD)
        return {"remove": where.resource}
    if where.exists:
        update = {"resource_name": where.resource, _FIELD: factor}
        return {"update": update, "update_mask": {"paths": [_FIELD]}}
    start, end = _local_times(change.ref, where.zone)
    return {
        "create": {
            "scope": "CAMPAIGN",
            "name": marker(change.ref),
            "description": "Told by Pacekeeper from the calendar of the campaign's plan",
            "campaigns": [f"{_root(where.resource)}/campaigns/{change.ref.entity_id}"],
            "start_date_time": start,
            "end_date_time": end,
            _FIELD: factor,
        }
    }


def marker(ref: Ref) -> str:
    """Return the name of the adjustment for a stretch of a campaign."""
    return f"Pacekeeper {ref.entity_id} {ref.part}"


def _local_times(ref: Ref, zone: str) -> tuple[str, str]:
    """Return when the stretch begins and ends by the account's clocks."""
    stretch = stretch_of(ref.part)
    if stretch is None:
        raise Rejected(f"{ref.part!r} is no stretch of time", field="part")
    return _local(stretch.start, ZoneInfo(zone)), _local(stretch.end, ZoneInfo(zone))


def _local(time: datetime, zone: ZoneInfo) -> str:
    local = time.astimezone(zone)
    if local.fold:
        raise Rejected(
            f"{local:%Y-%m-%d %H:%M} is told twice by the account's clocks: move the event's time "
            "by an hour",
            field="start_date_time",
        )
    return local.strftime(_FORMAT)


def _root(resource: str) -> str:
    return "/".join(resource.split("/")[:2])
