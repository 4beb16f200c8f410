"""Audit entries: what happened, in a chain that anyone can verify."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta
from msgspec.structs import replace

from schemas.codec import canonical_bytes, sha256
from schemas.fields import Amount, Code, CurrencyCode, Digest, Entity, Name, Platform, Text, Utc
from schemas.record import Record

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


class Mode(StrEnum):
    """Whether changes go to a platform."""

    SIMULATE = "simulate"
    LIVE = "live"


class AuditEntry(Record, frozen=True, kw_only=True):
    """One thing that happened. ``sequence`` counts from 0 within a partition.

    ``expected``, ``before`` and ``target`` are what was believed, found and wanted;
    ``sent`` is what went out and ``after`` what is in force now.
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
    platform: Platform
    account_id: Name
    campaign_id: Name
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
    attempt: Annotated[int, Meta(ge=0, le=10_000)] = 0
    platform_code: Annotated[str, Meta(max_length=200)] | None = None
    request_id: Annotated[str, Meta(max_length=200)] | None = None
    latency_seconds: Annotated[float, Meta(ge=0.0)] | None = None
    rolls_back: Digest | None = None
    versions: dict[str, str | int] = {}
    previous_hash: ChainHash = ""
    hash: ChainHash = ""


def hash_of(entry: AuditEntry) -> str:
    """Return the SHA-256 of the entry's canonical bytes without its ``hash``."""
    return sha256(canonical_bytes(replace(entry, hash="")))


def seal(entry: AuditEntry, *, partition: int, sequence: int, previous_hash: str) -> AuditEntry:
    """Return the entry as the next link of its partition's chain."""
    linked = replace(
        entry, partition=partition, sequence=sequence, previous_hash=previous_hash, hash=""
    )
    return replace(linked, hash=sha256(canonical_bytes(linked)))
