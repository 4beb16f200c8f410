"""Movements: raises of daily budgets, as a group's ledger hears of them.

A group may bound how much of its members' budgets is moved in any 24 hours. Members lie in other
partitions than the group's ledger does, so a raise asks it first, and tells it how it has ended.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.fields import Amount, CurrencyCode, Digest, Name, Utc, VersionUsed
from schemas.keys import check_name
from schemas.record import Record, refuse_negative, require


class MovementVerb(StrEnum):
    """What is said of a raise."""

    ASK = "ask"
    """May it be made? Until it is settled, what is granted counts as moved."""
    SETTLE = "settle"
    """It has ended: with an effect, or with none."""


class Movement(Record, frozen=True, kw_only=True):
    """One word of an executor to the ledger of a group."""

    budget_group_id: Name
    verb: MovementVerb
    action_id: Digest
    amount: Annotated[
        Amount, Meta(description="by how much a budget is to be raised, or was in the end")
    ]
    currency: CurrencyCode
    at: Annotated[Utc, Meta(description="when it was asked, or has ended")]
    expires_at: Annotated[Utc, Meta(description="of the action")]
    group_version: VersionUsed = 0
    limit: (
        Annotated[Amount, Meta(description="most that may be moved in 24 hours, by that version")]
        | None
    ) = None
    content: (
        Annotated[
            bytes,
            Meta(description="the action, to be published once more with the answer; in base64"),
        ]
        | None
    ) = None

    @property
    def key(self) -> bytes:
        """Kafka key: the group's."""
        return self.budget_group_id.encode()

    def _check(self) -> None:
        check_name(self.budget_group_id, "budget_group_id")
        refuse_negative(self, "amount", "limit")
        if self.verb is MovementVerb.ASK:
            require(self, ("limit", "content"), "to ask")
