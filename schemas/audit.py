"""Audit entries: what happened, in a chain that anyone can verify."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import orjson
from msgspec import Meta
from msgspec.structs import force_setattr, replace

from schemas.approval import Approvals, Approvers
from schemas.codec import encode, sha256
from schemas.edit import Editor
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
from schemas.levers import ON_PLATFORM
from schemas.record import CampaignRecord
from schemas.windows import WindowEnd, WindowStart

GENESIS = "0" * 64
"""``previous_hash`` of the first entry of a partition."""

ChainHash = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$", description="SHA-256, hexadecimal")]


class AuditStatus(StrEnum):
    """What became of an action, a recommendation or a decision."""

    SIMULATED = "simulated"
    APPLIED = "applied"
    CONFIRMED = "confirmed"
    NO_OP = "no_op"
    DRIFT = "drift"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    ROLLED_BACK = "rolled_back"
    APPROVAL_REQUIRED = "approval_required"
    INTENT = "intent"
    """About to be sent to a platform; what became of it is told by a later entry.

    It has what was found and what is wanted, and no ``after``.
    """
    SHADOW = "shadow"
    """Would have been sent, had it not been in shadow mode; nothing of it is in force."""
    EDITED = "edited"
    """Who has set a value on a platform that no action of ours has; it ends nothing.

    ``after`` is in force now, where the edit is the latest that is known of the value.
    """


CHANGED: Final = frozenset(
    {
        AuditStatus.SIMULATED,
        AuditStatus.APPLIED,
        AuditStatus.CONFIRMED,
        AuditStatus.ROLLED_BACK,
    }
)
"""The target was put in force: where it was not so before, something has changed."""

IN_FORCE: Final = CHANGED | {AuditStatus.NO_OP}
"""The target is in force, put there now or standing already: ``after`` holds."""

FOLLOWED: Final = IN_FORCE - {AuditStatus.ROLLED_BACK}
"""What was advised is in force; of a roll-back it is what was before the advice."""

OPEN: Final = frozenset({AuditStatus.INTENT})
"""Nothing has ended: no answer to anyone, and another entry tells what became of it."""

MAY_BE_IN_FORCE: Final = OPEN | {AuditStatus.UNVERIFIED}
"""The target may be in force, or what was before: an entry to come tells which.

Who reckons with money takes the higher of the two until then (`highest_in_force`).
"""


REJECTED_BY_PERSON: Final = "rejected_by_person"
"""Reason of the entry of a rejection that ended a recommendation: that was the person's wish."""


class Mode(StrEnum):
    """Whether changes go to a platform."""

    SIMULATE = "simulate"
    LIVE = "live"


class AuditEntry(CampaignRecord, frozen=True, kw_only=True):
    """One thing that happened. ``sequence`` counts from 0 within a partition.

    ``expected``, ``before`` and ``target`` are what was believed, found and wanted;
    ``sent`` is what went out and ``after`` what is in force now. ``hourly_cap`` is the
    hourly budget that came with the target, in force where ``after`` is, and
    ``without_jitter`` the target without what chance added to it. There are no
    floats, so every JSON library writes the same text to hash.
    """

    partition: Annotated[int, Meta(ge=0, le=2**31)] = 0
    sequence: Annotated[int, Meta(ge=0, le=2**53)] = 0
    at: Utc
    status: AuditStatus
    mode: Mode
    reason: Annotated[Code, Meta(description="why it ended this way")] | None = None
    detail: Text = ""
    actor: Annotated[str, Meta(min_length=1, max_length=200)]
    action_id: Digest | None = None
    recommendation_id: Digest | None = None
    decision_id: Digest | None = None
    approvers: Approvers = 1
    approvals: Approvals = ()
    entity: Entity = Entity.CAMPAIGN
    entity_id: Name
    field: Code
    unit: Code | None = None
    currency: CurrencyCode | None = None
    hour: Utc | None = None
    expected: Amount | None = None
    before: Amount | None = None
    target: Amount | None = None
    sent: Amount | None = None
    after: Amount | None = None
    hourly_cap: Amount | None = None
    without_jitter: Amount | None = None
    attempt: Annotated[int, Meta(ge=0, le=10_000)] = 0
    platform_code: Annotated[str, Meta(max_length=200)] | None = None
    request_id: Annotated[str, Meta(max_length=200)] | None = None
    latency_seconds: Annotated[Decimal, Meta(description="from the release to this")] | None = None
    rolls_back: Digest | None = None
    window_start: WindowStart = None
    window_end: WindowEnd = None
    edit_id: Annotated[Digest, Meta(description="edit that set what was found")] | None = None
    edited_by: Editor | None = None
    edited_at: Utc | None = None
    versions: dict[str, str | VersionUsed] = msgspec.field(default_factory=dict)
    previous_hash: ChainHash = ""
    hash: ChainHash = ""

    @property
    def is_of_part(self) -> bool:
        """Return whether it tells of one of the values that an action sets on a platform.

        What became of the action, and of the advice that it is by, is told by an entry after it.
        """
        return self.field.startswith(ON_PLATFORM)

    @property
    def leaves_advice_open(self) -> bool:
        """Return whether it answers a word on advice that is what it was before.

        As long as others have to approve it as well, or when nothing came of the word.
        """
        of_word = self.recommendation_id is not None and self.decision_id is not None
        return of_word and self.action_id is None and self.reason != REJECTED_BY_PERSON

    @property
    def is_an_end(self) -> bool:
        """Return whether it is the last word on something: what others have edited included."""
        return self.status not in OPEN and (
            not self.is_of_part or self.status is AuditStatus.EDITED
        )


def highest_in_force(entry: AuditEntry) -> Decimal | None:
    """Return the highest value that the entry's field may have now; None where it tells of none."""
    if entry.status not in MAY_BE_IN_FORCE:
        return entry.after
    told = (entry.before, entry.target, entry.after)
    return max((value for value in told if value is not None), default=None)


def hash_of(stored: bytes) -> str:
    """Return the hash that a stored entry must carry.

    Parameters
    ----------
    stored
        The entry's JSON as it stands in the topic or in an exported file, whatever
        its order of keys; fields that this release does not know count as well.

    Returns
    -------
    SHA-256, hexadecimal, of the canonical bytes without the field ``hash``.
    """
    entry = orjson.loads(stored)
    entry.pop("hash", None)
    return sha256(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS))


def seal(entry: AuditEntry, *, partition: int, sequence: int, previous_hash: str) -> AuditEntry:
    """Return the entry as the next link of its partition's chain."""
    link = replace(
        entry, partition=partition, sequence=sequence, previous_hash=previous_hash, hash=""
    )
    # Nobody else has seen the link yet, so it may still be given its hash.
    force_setattr(link, "hash", hash_of(encode(link)))
    return link
