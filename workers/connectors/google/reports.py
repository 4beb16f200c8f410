"""Rows of reports and of the history of changes, read as the protocol has them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from schemas.fields import Entity
from workers.connectors.google.places import (
    AD_GROUP_TARGETS,
    BID_FIELDS,
    TARGET_CPA_FIELDS,
    TARGET_ROAS_FIELDS,
    Message,
)
from workers.connectors.google.units import from_micros
from workers.connectors.google.values import at, told
from workers.connectors.protocol import Edit, Editor, Lever, Performance, Ref

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
}
_PEOPLE: Final = frozenset({"GOOGLE_ADS_WEB_CLIENT", "GOOGLE_ADS_EDITOR", "GOOGLE_ADS_MOBILE_APP"})
_RULES: Final = frozenset({"GOOGLE_ADS_AUTOMATED_RULE", "GOOGLE_ADS_RECOMMENDATIONS_SUBSCRIPTION"})
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


def edits(account_id: str, row: Message, zone: ZoneInfo, own_email: str) -> Iterator[Edit]:
    """Yield an edit for each lever that an event changed; others are nobody's business here."""
    event = row.change_event
    kind = event.change_resource_type.name
    entity = Entity.AD_SET if kind == "AD_GROUP" else Entity.CAMPAIGN
    name = event.ad_group if kind == "AD_GROUP" else event.campaign
    for path in event.changed_fields.paths:
        lever = _LEVERS.get(kind, {}).get(path)
        if lever is not None:
            yield Edit(
                ref=Ref(
                    account_id=account_id,
                    entity=entity,
                    entity_id=name.rpartition("/")[2],
                    lever=lever,
                ),
                at=_when(event.change_date_time, zone),
                actor=event.user_email,
                by=editor(event.client_type.name, event.user_email, own_email),
                before=told(lever, at(getattr(event.old_resource, kind.lower()), path)),
                after=told(lever, at(getattr(event.new_resource, kind.lower()), path)),
            )


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


def _when(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
