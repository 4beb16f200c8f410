"""Endings: how an action has ended, by how each value that it sets has, and what to put back."""

from __future__ import annotations

from typing import Final

from msgspec import structs

from schemas.audit import AuditStatus
from workers.executor.entries import Finding
from workers.executor.hearing import sent_of
from workers.executor.live.outcome import IN_FORCE, Outcome, Result
from workers.executor.orders import OpenOrder, Part
from workers.executor.sent import Sent

_STATUSES: Final = {
    Result.APPLIED: AuditStatus.APPLIED,
    Result.CONFIRMED: AuditStatus.CONFIRMED,
    Result.NO_OP: AuditStatus.NO_OP,
    Result.DRIFT: AuditStatus.DRIFT,
    Result.REJECTED: AuditStatus.REJECTED,
    Result.EXPIRED: AuditStatus.EXPIRED,
    Result.FAILED: AuditStatus.FAILED,
    Result.UNVERIFIED: AuditStatus.UNVERIFIED,
    Result.AUTH_FAILED: AuditStatus.FAILED,
    Result.FROZEN: AuditStatus.REJECTED,
    Result.SHADOW: AuditStatus.SHADOW,
}


_REASONS: Final = {
    AuditStatus.APPLIED: "applied",
    AuditStatus.CONFIRMED: "found_in_force",
    AuditStatus.NO_OP: "already_in_force",
}
"""As the last part gives them where it counts."""


def of_all(opened: OpenOrder, told: Outcome) -> Finding:
    """Return how the action ended: as its last part, unless another one, in shadow, is not so."""
    counted = [part.result for part in opened.parts if part.result and not part.is_waived]
    other = next((result for result in counted if result not in IN_FORCE), None)
    waived = [part for part in opened.parts if part.result][-1].is_waived
    if not waived and (other is None or told.result not in IN_FORCE):
        return finding_of(told)
    detail = "not all of it is in force: see the entries of what it consists of"
    if other is None:
        status = status_of_all(opened)
        return Finding(status, _REASONS[status], detail)
    return Finding(_STATUSES[other], other.value, detail)


def finding_of(told: Outcome) -> Finding:
    """Return what an entry tells of one value."""
    return Finding(
        _STATUSES[told.result],
        told.reason,
        told.text,
        before=told.before,
        after=told.after,
        sent=Sent(sent_of(told), told.attempts, told.platform_code, told.request_id),
    )


def status_of_all(opened: OpenOrder) -> AuditStatus:
    """Return how an action ended of which every part is in force."""
    results = {part.result for part in opened.parts}
    for result in (Result.CONFIRMED, Result.APPLIED):
        if result in results:
            return _STATUSES[result]
    return AuditStatus.NO_OP


def back_of(opened: OpenOrder) -> tuple[Part, ...]:
    """Return the parts that put back what was set, the last one first.

    What cannot be put back, as nobody knows what it is or was, is among them as one that has ended.
    """
    unsure = Result.UNVERIFIED
    back = []
    for part in reversed(opened.parts):
        # Who took the order up found it made: then what was there is what had to be found.
        before = part.before if part.before is not None else part.expected
        if part.result is unsure or (part.was_set and before is None):
            back.append(structs.replace(part, result=unsure))
        elif part.was_set and before is not None:
            now = part.target
            back.append(
                Part(part.entity, part.entity_id, part.lever, before, expected=now, part=part.part)
            )
    return tuple(back)


def undone(opened: OpenOrder) -> Finding:
    """Return how an action ended of which some was put back."""
    left = [part for part in opened.parts if part.result not in IN_FORCE]
    if not left:
        return Finding(AuditStatus.FAILED, "put_back", f"{opened.failure}; all was put back")
    told = ", ".join(f"{part.lever} of {part.entity} {part.entity_id}" for part in left)
    detail = f"{opened.failure}; could not be put back: {told}: look at the platform"
    return Finding(AuditStatus.UNVERIFIED, "partly_made", detail)
