"""Edits: what was changed on an ad platform, and by whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Amount, Code, CurrencyCode, Digest, Entity, Name, Utc
from schemas.record import CampaignRecord


class Editor(StrEnum):
    """Who makes changes on a platform."""

    PERSON = "person"
    US = "us"
    RULE = "rule"
    """The platform itself: its automated rules and recommendations that it applies."""
    OTHER_APP = "other_app"


class PlatformEdit(CampaignRecord, frozen=True, kw_only=True):
    """One value that was changed on a platform, as its history of changes tells it.

    The same edit may be told more than once; it has the same ``edit_id`` then.
    """

    edit_id: Digest
    at: Utc
    by: Editor
    actor: Annotated[
        str, Meta(max_length=200, description="name or address, as the platform tells it")
    ] = ""
    client: Annotated[
        str, Meta(max_length=200, description="page or program, as the platform names it")
    ] = ""
    entity: Entity
    entity_id: Name
    field: Code
    part: Annotated[str, Meta(max_length=64, description="of a field with several values")] = ""
    before: Amount | None = None
    after: Amount | None = None
    currency: CurrencyCode | None = None

    def _check(self) -> None:
        super()._check()
        if self.entity is Entity.CAMPAIGN and self.entity_id != self.campaign_id:
            detail = f"is that of another campaign than {self.campaign_id!r}: {self.entity_id!r}"
            raise SchemaError("entity_id", Reason.CONTRADICTION, detail)
