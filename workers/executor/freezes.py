"""Freezes: whether anything may be changed for a campaign now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from schemas.codec import decode
from schemas.condition import Condition, ConditionKind, condition_key, scopes_of
from schemas.errors import SchemaError
from schemas.record import CampaignRecord
from schemas.topics import CONDITIONS
from workers.delivery.api import View
from workers.executor import pausing
from workers.executor.policy import ExecutorPolicy
from workers.executor.rows import Decisions
from workers.instants import from_ms


def freeze_on(
    policy: ExecutorPolicy, view: View, said: Decisions, subject: CampaignRecord, at: int
) -> str:
    """Return which freeze holds for the subject's campaign ``at`` a time; empty if none does.

    Freezes of everything, of a platform, an account or the campaign count alike. Of a freeze
    by decision and the same one as broadcast, the later version holds: the broadcast lags. A
    person's own word to pause is no subject of any: what it does is what freezes are for.
    """
    if pausing.is_free(subject):
        return ""
    broadcast = view.broadcast(policy.topic(CONDITIONS))
    for scope in scopes_of(subject.key):
        held = [broadcast.get(condition_key(scope, ConditionKind.FREEZE))]
        if scope == subject.key:
            held.append(said.conditions.get(ConditionKind.FREEZE))
        if any(held) and (reason := _holds(held, scope.decode(), at)):
            return reason
    return ""


def newest(stored: Iterable[bytes | None]) -> Condition | None:
    """Return the condition with the highest version; None when there is none.

    Raises
    ------
    SchemaError
        When one of them cannot be read.
    """
    conditions = [decode(one, Condition) for one in stored if one]
    return max(conditions, key=lambda one: one.version, default=None)


def _holds(stored: Sequence[bytes | None], scope: str, at: int) -> str:
    try:
        freeze = newest(stored)
    except SchemaError as error:
        # A freeze that cannot be read is a freeze: what it was to stop cannot be undone.
        return f"the freeze of {scope} cannot be read ({error}); publish it anew"
    now = from_ms(at)
    if freeze is None or not freeze.active or now < freeze.since:
        return ""
    if freeze.until and freeze.until <= now:
        return ""
    until = f" until {freeze.until.isoformat()}" if freeze.until else ""
    why = f" ({freeze.why})" if freeze.why else ""
    return f"{scope} is frozen by {freeze.by}{until}{why}; unfreeze it first"
