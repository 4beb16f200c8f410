"""From fields that go back to the decisions of a person, in waves that an executor can take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from schemas.audit import AuditEntry
from schemas.decision import Decision, Verb
from workers.executor.entries import identity
from workers.people import decide
from workers.settings import Settings
from workers.undo.planning import Undoing

MOST_AT_ONCE: Final = 32
"""Decisions on one campaign that are published before those are answered: half of what waits there
for a platform at most."""

_APART: Final = timedelta(milliseconds=1)
"""Between decisions on one campaign: the executor tells repeats of those that it has forgotten by
when they were made."""


def decisions_of(
    undoings: Sequence[Undoing], *, by: str, why: str, at: datetime
) -> list[tuple[Undoing, Decision]]:
    """Return the decision on each field that goes back."""
    made: Counter[bytes] = Counter()
    pairs = []
    for undoing in undoings:
        key = bytes(undoing.key)
        decision = Decision(
            platform=undoing.key.platform,
            account_id=undoing.key.account_id,
            campaign_id=undoing.key.campaign_id,
            verb=Verb.ROLL_BACK,
            action_id=undoing.action_id,
            through=undoing.through,
            by=by,
            why=why,
            decided_at=at + made[key] * _APART,
        )
        made[key] += 1
        pairs.append((undoing, decision))
    return pairs


def waves(decisions: Sequence[Decision]) -> Iterator[list[Decision]]:
    """Yield the decisions in groups with at most `MOST_AT_ONCE` of each campaign."""
    left = list(decisions)
    while left:
        seen: Counter[bytes] = Counter()
        wave, later = list[Decision](), list[Decision]()
        for decision in left:
            seen[decision.key] += 1
            (wave if seen[decision.key] <= MOST_AT_ONCE else later).append(decision)
        yield wave
        left = later


async def publish(
    settings: Settings, decisions: Sequence[Decision], seconds: float
) -> Mapping[str, AuditEntry]:
    """Publish decisions and return what became of each, by its identity.

    Each wave is answered before the next one, for which at most ``seconds`` are waited; where that
    is 0, all are published and nothing is waited for. After a wave of which something was not
    answered nothing more is published.
    """
    if not seconds:
        return await decide(settings, decisions, 0)
    answers: dict[str, AuditEntry] = {}
    for wave in waves(decisions):
        answers |= await decide(settings, wave, seconds)
        if any(identity(decision) not in answers for decision in wave):
            break
    return answers
