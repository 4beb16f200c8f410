"""Approvals: which people have agreed to one change, and how many have to."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from schemas.fields import Digest, Text, Utc
from schemas.record import Part

MOST_APPROVERS: Final = 5

Person = Annotated[str, Meta(min_length=1, max_length=200)]

Approvers = Annotated[
    int,
    Meta(
        ge=1,
        le=MOST_APPROVERS,
        description="different people who have to approve a change before it is made",
    ),
]


class Approval(Part, frozen=True, kw_only=True):
    """One person's yes to a change, at the time that it was counted."""

    by: Person
    at: Utc
    why: Text = ""
    decision_id: Digest


Approvals = Annotated[
    tuple[Approval, ...],
    Meta(max_length=MOST_APPROVERS, description="who has approved it, in order"),
]
