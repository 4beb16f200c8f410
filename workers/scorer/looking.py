"""One campaign's look: every outcome that is due, and when to look again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from schemas import Outcome, SchemaError, canonical_bytes, encode, topics
from schemas.codec import digest
from workers.delivery.api import Output
from workers.optimizer.delay_priors import DelayBook
from workers.scorer.campaign import Campaign
from workers.scorer.draft import Draft
from workers.scorer.measuring import Look, outcome_of
from workers.scorer.policy import DAY, ScorerPolicy
from workers.scorer.rows import Projection, ScoredRow, ToldOutcome, outcome_key
from workers.scorer.stretches import Stretch, stretch_of

_ESTIMATES: Final = ("spend", "conversions", "revenue", "roas", "cpa", "maturity", "gain")


def look_at(draft: Draft, books: DelayBook, key: bytes, row: ScoredRow, now: int) -> ScoredRow:
    """Tell what is due of a campaign; return what is remembered of it."""
    campaign, policy = Campaign(draft, books, key), draft.policy
    followed = sorted(campaign.followed(), key=lambda each: (each[1], each[0].id))
    told: dict[bytes, ToldOutcome] = {}
    for one, effective in followed:
        # Once looked at after it was closed, its outcomes stand.
        closed = row.next_look > _closes(policy, effective)
        for horizon in policy.horizons:
            name = outcome_key(one.id, horizon)
            known = row.told.get(name)
            if not closed and now >= effective + horizon * DAY + policy.grace:
                look = Look(
                    campaign=campaign, one=one, effective=effective, horizon=horizon, now=now
                )
                known = _look(draft, look, known)
            if known is not None:
                told[name] = known
    return ScoredRow(_next_look(policy, followed, now), told)


def _closes(policy: ScorerPolicy, effective: int) -> int:
    return effective + policy.corrected + policy.grace


def _next_look(policy: ScorerPolicy, followed: Iterable[tuple[Projection, int]], now: int) -> int:
    """Return when something is due or may have changed: each day after advice took effect."""
    grace = policy.grace
    later = (
        effective + grace + ((now - effective - grace) // DAY + 1) * DAY
        for _, effective in followed
        if now < _closes(policy, effective)
    )
    return min((now + DAY, *later))


def _look(draft: Draft, look: Look, known: ToldOutcome | None) -> ToldOutcome | None:
    """Tell one outcome where it differs from what is ``known``; return what is known now."""
    campaign = look.campaign
    stretch = stretch_of(look.one, campaign.plan, campaign.changes, look.effective, look.horizon)
    if stretch is None or not _is_told(draft.policy, look, stretch):
        return known
    seen = _seen(campaign, stretch)
    if known is not None and known.seen == seen and not known.provisional:
        return known
    try:
        outcome = outcome_of(draft.policy, look, stretch)
    except SchemaError:
        # Each hour was fine by itself: that they add up to too much must not stop the others.
        draft.count("ignored", draft.policy.topic(topics.OUTCOMES), "cannot_be_written")
        return known
    if outcome is None:
        return known
    mark = _mark(outcome)
    same = known is not None and known.digest == mark
    version = (known.version if known else 0) + (not same)
    if not same:
        _publish(draft, replace(outcome, version=version))
    return ToldOutcome(version, mark, seen, outcome.provisional)


def _is_told(policy: ScorerPolicy, look: Look, stretch: Stretch) -> bool:
    """Return whether the hours are kept; that something was overtaken is told once."""
    if stretch.overtaken:
        return look.horizon == min(policy.horizons)
    return look.campaign.reaches(stretch.start)


def _seen(campaign: Campaign, stretch: Stretch) -> bytes:
    if stretch.overtaken:
        return b""
    # The stretch itself changes with plans, and with what took its place.
    span = stretch.start.to_bytes(8, "big") + stretch.end.to_bytes(8, "big")
    return span + campaign.digest(stretch.before, stretch.end)


def _mark(outcome: Outcome) -> bytes:
    """Return what tells one outcome from another: not what grows riper with each hour."""
    blank = dict.fromkeys(_ESTIMATES)
    same = replace(outcome, text="", told_at=outcome.effective_from, **blank)
    return bytes.fromhex(digest(canonical_bytes(same)))


def _publish(draft: Draft, outcome: Outcome) -> None:
    name = draft.policy.topic(topics.OUTCOMES)
    at = int(outcome.told_at.timestamp()) * 1_000
    draft.outputs.append(Output(name, outcome.key, encode(outcome), timestamp=at))
    again = "first" if outcome.version == 1 else "corrected"
    horizon = str(outcome.horizon_days)
    draft.count("outcomes", outcome.kind.value, horizon, outcome.verdict.value, again)
