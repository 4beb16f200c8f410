"""Allocations: what the day of a large group was settled at, before its members are told."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Name, Utc
from schemas.record import Record

MOST_PAGES = 2**16
"""Most pages of one allocation: no transaction holds as many."""

PageNumber = Annotated[int, Meta(ge=0, le=MOST_PAGES)]


class Allocation(Record, frozen=True, kw_only=True):
    """One page of an allocation: members, and what is to be said of them."""

    budget_group_id: Name
    decided_at: Utc
    day: Annotated[int, Meta(ge=0, le=2**31, description="days since 1970-01-01, of the zone")]
    page: PageNumber
    """From 0 on, in this order."""
    pages: PageNumber
    """How many there are."""
    content: Annotated[bytes, Meta(description="the allocator's own, in base64")]

    @property
    def key(self) -> bytes:
        """Kafka key: the group's."""
        return self.budget_group_id.encode()

    def _check(self) -> None:
        if self.page >= self.pages:
            detail = f"must be below {self.pages}, was {self.page}"
            raise SchemaError("page", Reason.CONTRADICTION, detail)
