"""Histories of changes as records: who changed what, each edit with an id of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from schemas.codec import canonical_bytes, digest
from schemas.edit import PlatformEdit
from schemas.fields import Entity
from workers.connectors.protocol import Account, Edit

_NOT_YET: Final = "0" * 32
_LONGEST_CLIENT: Final = 200


def campaign_of(edit: Edit) -> str:
    """Return the campaign that an edit belongs to; empty where the platform does not say."""
    if edit.ref.entity is Entity.CAMPAIGN:
        return edit.ref.entity_id
    return edit.campaign_id


def record_of(platform: str, account: Account, edit: Edit) -> PlatformEdit:
    """Return the record, whose id is the digest of all that is told of the edit.

    Raises
    ------
    SchemaError
        The platform told what no record may hold.
    """
    told = PlatformEdit(
        platform=platform,
        account_id=account.account_id,
        campaign_id=campaign_of(edit),
        edit_id=_NOT_YET,
        at=edit.at,
        by=edit.by,
        actor=edit.actor,
        client=edit.client[:_LONGEST_CLIENT],
        entity=edit.ref.entity,
        entity_id=edit.ref.entity_id,
        field=edit.ref.lever,
        part=edit.ref.part,
        before=edit.before,
        after=edit.after,
        currency=account.currency,
    )
    return replace(told, edit_id=digest(canonical_bytes(told)))


def fresh(records: Iterable[PlatformEdit], known: Iterable[str]) -> list[PlatformEdit]:
    """Return each edit that is not known yet, once."""
    found = {record.edit_id: record for record in records}
    for edit_id in known:
        found.pop(edit_id, None)
    return list(found.values())
