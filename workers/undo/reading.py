"""Reads the audit trail for what is chosen of it; a campaign of which nothing is takes no room."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from schemas.audit import OPEN, AuditEntry
from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.keys import CampaignKey, parse_campaign_key
from schemas.plan import Plan
from workers.undo.choosing import Choice
from workers.undo.trail import CampaignTrail
from workers.verify.trail import AuditRecord


@dataclass
class Reading:
    """What was found in the trail."""

    trails: dict[bytes, CampaignTrail] = field(default_factory=dict)
    entries: int = 0
    unreadable: int = 0


async def read_trail(
    records: AsyncIterator[AuditRecord], choice: Choice, plans: Mapping[bytes, Plan]
) -> Reading:
    """Take in all entries of campaigns that are chosen.

    Parameters
    ----------
    records
        Those of one campaign in their order.
    choice
        What is chosen.
    plans
        The plan of each campaign that has one, by its key.
    """
    reading, outside = Reading(), set[bytes]()
    async for record in records:
        reading.entries += 1
        key = record.key or b""
        if key in outside:
            continue
        if key not in reading.trails:
            parsed = _of_choice(key, choice)
            if parsed is None:
                outside.add(key)
                continue
            plan = plans.get(key)
            reading.trails[key] = CampaignTrail(parsed, plan.version if plan else None)
        try:
            entry = decode(record.value or b"", AuditEntry)
        except SchemaError:
            reading.unreadable += 1
            continue
        ends = entry.action_id and not entry.is_of_part and entry.status not in OPEN
        reading.trails[key].add(entry, chosen=bool(ends) and choice.has(entry))
    return reading


def _of_choice(key: bytes, choice: Choice) -> CampaignKey | None:
    try:
        parsed = parse_campaign_key(key)
    except SchemaError:
        return None
    return parsed if choice.of_key(parsed) else None
