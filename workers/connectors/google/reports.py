"""Rows of reports and of the history of changes, read as the protocol has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from schemas.edit import Editor
from schemas.fields import Entity
from workers.connectors.google.parts import device_of
from workers.connectors.google.places import (
    AD_GROUP_TARGETS,
    BID_FIELDS,
    MODIFIERS,
    TARGET_CPA_FIELDS,
    TARGET_ROAS_FIELDS,
    Message,
)
from workers.connectors.google.units import from_micros
from workers.connectors.google.values import held, told
from workers.connectors.protocol import Edit, Lever, Performance, Ref

_CAMPAIGN_LEVERS: Final = {
    "status": Lever.STATUS,
    **dict.fromkeys(TARGET_CPA_FIELDS.values(), Lever.TARGET_CPA),
    **dict.fromkeys(TARGET_ROAS_FIELDS.values(), Lever.TARGET_ROAS),
}
_LEVERS: Final = {
    "CAMPAIGN_BUDGET": {
        "amount_micros": Lever.DAILY_BUDGET,
        "total_amount_micros": Lever.LIFETIME_BUDGET,
    },
    "CAMPAIGN": _CAMPAIGN_LEVERS,
    "AD_GROUP": {
        "status": Lever.STATUS,
        **dict.fromkeys(BID_FIELDS.values(), Lever.BID),
        **{path: lever for lever, path in AD_GROUP_TARGETS.items()},
    },
    "CAMPAIGN_CRITERION": {"bid_modifier": Lever.SCHEDULE_MODIFIER},
    "AD_GROUP_BID_MODIFIER": {"bid_modifier": Lever.DEVICE_MODIFIER},
}
_OF_AD_GROUPS: Final = frozenset({"AD_GROUP", "AD_GROUP_BID_MODIFIER"})
_PEOPLE: Final = frozenset(
    {
        "GOOGLE_ADS_WEB_CLIENT",
        "GOOGLE_ADS_EDITOR",
        "GOOGLE_ADS_MOBILE_APP",
        "GOOGLE_ADS_BULK_UPLOAD",
        "GOOGLE_ADS_RECOMMENDATIONS",
    }
)
"""Tools of people; a recommendation that somebody applies is theirs."""
_RULES: Final = frozenset(
    {
        "GOOGLE_ADS_AUTOMATED_RULE",
        "GOOGLE_ADS_RECOMMENDATIONS_SUBSCRIPTION",
        "INTERNAL_TOOL",
    }
)
"""The platform itself; a subscription applies recommendations without asking."""
_ANY_APP: Final = "GOOGLE_ADS_API"


def performance(account_id: str, row: Message, as_of: datetime) -> Performance:
    """Return one hour of one campaign."""
    metrics = row.metrics
    return Performance(
        account_id=account_id,
        campaign_id=str(row.campaign.id),
        ad_set_id="",
        day=date.fromisoformat(row.segments.date),
        hour=row.segments.hour,
        currency=row.customer.currency_code,
        impressions=metrics.impressions,
        clicks=metrics.clicks,
        spend=from_micros(metrics.cost_micros),
        conversions=Decimal(str(metrics.conversions)),
        revenue=Decimal(str(metrics.conversions_value)),
        as_of=as_of,
    )


def edits(
    account_id: str, row: Message, at: datetime, own_email: str, stretches: Mapping[str, str]
) -> Iterator[Edit]:
    """Yield an edit for each lever that an event changed; others are nobody's business here.

    ``stretches`` has the parts of the week by the names of their criteria.
    """
    event = row.change_event
    kind = event.change_resource_type.name
    for path in event.changed_fields.paths:
        ref = _changed(account_id, event, path, stretches)
        if ref is not None:
            yield Edit(
                ref=ref,
                at=at,
                actor=event.user_email,
                by=editor(event.client_type.name, event.user_email, own_email),
                before=told(ref.lever, held(getattr(event.old_resource, kind.lower()), path)),
                after=told(ref.lever, held(getattr(event.new_resource, kind.lower()), path)),
                campaign_id=event.campaign.rpartition("/")[2],
                client=event.client_type.name.lower(),
            )


def _changed(
    account_id: str, event: Message, path: str, stretches: Mapping[str, str]
) -> Ref | None:
    """Return the value that an event changed by a field; None where it is no lever's."""
    kind, name = event.change_resource_type.name, event.change_resource_name
    lever = _LEVERS.get(kind, {}).get(path)
    if lever is None:
        return None
    part = ""
    if lever in MODIFIERS:
        device = device_of(name)
        part = device or stretches.get(name, "")
        lever = Lever.DEVICE_MODIFIER if device else lever
        if not part:
            return None
    of_ad_group = kind in _OF_AD_GROUPS
    return Ref(
        account_id=account_id,
        entity=Entity.AD_SET if of_ad_group else Entity.CAMPAIGN,
        entity_id=_number(event.ad_group if of_ad_group else event.campaign),
        lever=lever,
        part=part,
    )


def scheduled(rows: Iterable[Message]) -> set[str]:
    """Return the campaigns of which criteria changed that are of no device."""
    events = [row.change_event for row in rows]
    return {
        _number(event.campaign)
        for event in events
        if event.change_resource_type.name == "CAMPAIGN_CRITERION"
        and "bid_modifier" in event.changed_fields.paths
        and not device_of(event.change_resource_name)
    }


def _number(name: str) -> str:
    return name.rpartition("/")[2]


def editor(client: str, email: str, own_email: str) -> Editor:
    """Return who made a change: a tool of people, a rule, or an application, which may be ours.

    Without an address of our own an application's change cannot be told from ours, and is taken as
    ours: the executor's audit trail knows better.
    """
    if client in _PEOPLE:
        return Editor.PERSON
    if client in _RULES:
        return Editor.RULE
    ours = client == _ANY_APP and own_email.lower() in ("", email.lower())
    return Editor.US if ours else Editor.OTHER_APP


def moment(text: str, zone: ZoneInfo, since: datetime) -> datetime:
    """Return when an event was, by the account's clock: never before ``since`` if it may be after.

    On the day on which clocks go back one label stands for two moments.
    """
    local = datetime.fromisoformat(text).replace(tzinfo=zone)
    first, second = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return first if first >= since else max(first, second)
