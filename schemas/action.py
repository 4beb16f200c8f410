"""Actions: changes that policy or a person has released for execution."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.approval import Approvals, Approvers
from schemas.errors import Reason, SchemaError
from schemas.fields import (
    Amount,
    Code,
    CurrencyCode,
    Digest,
    Entity,
    Name,
    Text,
    Utc,
    VersionUsed,
)
from schemas.record import CampaignRecord
from schemas.returns import Returns, check_returns
from schemas.windows import WindowEnd, WindowStart, check_window


class Release(StrEnum):
    """Who let an action go."""

    POLICY = "policy"
    PERSON = "person"


class Action(CampaignRecord, frozen=True, kw_only=True):
    """Set ``field`` of an entity to ``target``, if it is ``expected`` now.

    ``expected`` is the value believed to be in force; None when none is known
    to be. An executor that finds another value changes nothing and reports drift.
    A multiplier of bids comes with ``hourly_cap``, which becomes the hourly budget.
    Either is kept by ``day_budget`` where a platform knows no budget but the day's.
    One that is only for a while says by ``returns`` how it ends: whoever carries it out
    takes it back by these steps, each an action of its own that names it in ``returns_from``.
    What people have released names each in ``approvals``; ``actor`` and ``why`` are the last one's.
    """

    action_id: Digest
    recommendation_id: Digest | None = None
    decision_id: Digest | None = None
    entity: Entity = Entity.CAMPAIGN
    entity_id: Name
    field: Annotated[Code, Meta(description="what to set, such as hourly_budget")]
    expected: Amount | None = None
    target: Amount
    without_jitter: (
        Annotated[Amount, Meta(description="the target without what chance added, so as to learn")]
        | None
    ) = None
    unit: Code
    hourly_cap: (
        Annotated[Amount, Meta(description="most that an hour may spend from now on")] | None
    ) = None
    day_budget: (
        Annotated[
            Amount, Meta(description="most that the local day may have spent when the hour is over")
        ]
        | None
    ) = None
    currency: CurrencyCode | None = None
    hour: Annotated[Utc, Meta(description="start of the hour that was decided")] | None = None
    released_by: Release
    actor: Annotated[
        str, Meta(min_length=1, max_length=200, description="name of the policy or the person")
    ]
    why: Text = ""
    approvers: Approvers = 1
    approvals: Approvals = ()
    released_at: Utc
    valid_from: Utc
    expires_at: Utc
    plan_version: VersionUsed = 0
    rolls_back: (
        Annotated[Digest, Meta(description="action whose effect this one undoes")] | None
    ) = None
    returns: Returns = ()
    returns_from: (
        Annotated[Digest, Meta(description="action that has promised this step back")] | None
    ) = None
    window_start: WindowStart = None
    window_end: WindowEnd = None

    def _check(self) -> None:
        super()._check()
        if self.expires_at <= self.valid_from:
            raise SchemaError("expires_at", Reason.CONTRADICTION, "must be after valid_from")
        check_returns(self.returns, self.expires_at)
        check_window(self.window_start, self.window_end)
