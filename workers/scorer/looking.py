"""One campaign's look: every outcome that is due, and when to look again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

import numpy as np
from msgspec.structs import replace

from engine import delay
from engine.delay import Delays, Maturity
from engine.delay_pool import THOUSAND
from schemas import (
    Outcome,
    Prior,
    SchemaError,
    canonical_bytes,
    decode,
    encode,
    parse_campaign_key,
    topics,
)
from schemas.codec import digest
from schemas.keys import EVERYTHING, account_key
from workers.delivery.api import Output, View
from workers.optimizer.delay_priors import DelayBook
from workers.scorer.draft import Draft
from workers.scorer.measuring import Look, outcome_of
from workers.scorer.policy import DAY
from workers.scorer.recommendations import first_applied
from workers.scorer.rows import (
    AUDIT,
    METRICS,
    PLANS,
    RECOMMENDATIONS,
    AuditRow,
    CampaignRow,
    DayRow,
    Hour,
    PlanRow,
    Projection,
    Projections,
    ScoredRow,
    Told,
    day_key,
    outcome_key,
    unpack,
)
from workers.scorer.stretches import stretch_of

Books = DelayBook
"""Memo of what others teach of the delay of conversions; nothing that a step depends on."""

_ESTIMATES: Final = ("spend", "conversions", "revenue", "roas", "cpa")


def look_at(draft: Draft, books: Books, campaign: bytes, row: ScoredRow, now: int) -> ScoredRow:
    """Tell what is due of a campaign; return what is remembered of it."""
    view = draft.view
    due = sorted(_applied(view, campaign), key=lambda each: (each[1], each[0].id))
    told = {key: row.told[key] for key in _keys(draft, due) if key in row.told}
    if any(_is_due(draft, effective, min(draft.policy.horizons), now) for _, effective in due):
        hours, maturity = _hours(view, campaign), _maturity(draft, books, campaign)
        for one, effective in due:
            if row.next_look > _closes(draft, effective):
                continue  # Looked at since it was closed: its outcomes stand.
            for horizon in draft.policy.horizons:
                if _is_due(draft, effective, horizon, now):
                    look = Look(
                        campaign=campaign,
                        one=one,
                        effective=effective,
                        horizon=horizon,
                        now=now,
                        maturity=maturity,
                    )
                    _tell(draft, look, hours, told)
    return ScoredRow(_next_look(draft, due, now), told)


def _applied(view: View, campaign: bytes) -> Iterator[tuple[Projection, int]]:
    """Yield the advice that is scored, and from when on it counts."""
    kept = unpack(view.table(RECOMMENDATIONS).get(campaign), Projections).kept
    applied = unpack(view.table(AUDIT).get(campaign), AuditRow).applied
    first = {one.id for one in first_applied(kept, applied).values()}
    for one in kept:
        if one.id in first or (not one.is_daily and one.id in applied):
            yield one, max(applied[one.id], one.valid_from)


def _keys(draft: Draft, due: list[tuple[Projection, int]]) -> set[bytes]:
    return {outcome_key(one.id, horizon) for one, _ in due for horizon in draft.policy.horizons}


def _is_due(draft: Draft, effective: int, horizon: int, now: int) -> bool:
    return now >= effective + horizon * DAY + draft.policy.grace


def _closes(draft: Draft, effective: int) -> int:
    return effective + draft.policy.corrected + draft.policy.grace


def _next_look(draft: Draft, due: list[tuple[Projection, int]], now: int) -> int:
    """Return when something is due or may have changed: each day after advice took effect."""
    grace = draft.policy.grace
    later = (
        effective + grace + ((now - effective - grace) // DAY + 1) * DAY
        for _, effective in due
        if now < _closes(draft, effective)
    )
    return min(now + DAY, *later, now + DAY)


def _tell(draft: Draft, look: Look, hours: Mapping[int, Hour], told: dict[bytes, Told]) -> None:
    plan = unpack(draft.view.table(PLANS).get(look.campaign), PlanRow)
    changes = unpack(draft.view.table(AUDIT).get(look.campaign), AuditRow).changes
    stretch = stretch_of(look.one, plan, changes, look.effective, look.horizon)
    if stretch is None or (stretch.overtaken and look.horizon > min(draft.policy.horizons)):
        return
    oldest = min(hours, default=look.now)
    if not stretch.overtaken and stretch.start < oldest // DAY * DAY - DAY:
        return  # Longer than the hours that are kept.
    outcome = outcome_of(draft.policy, look, stretch, hours)
    if outcome is None:
        return
    key = outcome_key(look.one.id, look.horizon)
    before, mark = told.get(key), _mark(outcome)
    if before is not None and before.digest == mark:
        return
    version = before.version + 1 if before else 1
    told[key] = Told(version, mark)
    _publish(draft, replace(outcome, version=version))


def _mark(outcome: Outcome) -> bytes:
    """Return what tells one outcome from another: not what grows riper with each hour."""
    blank = dict.fromkeys((*_ESTIMATES, "maturity", "gain"))
    same = replace(outcome, text="", told_at=outcome.effective_from, **blank)
    return bytes.fromhex(digest(canonical_bytes(same)))


def _publish(draft: Draft, outcome: Outcome) -> None:
    name = draft.policy.topic(topics.OUTCOMES)
    at = int(outcome.told_at.timestamp()) * 1_000
    draft.outputs.append(Output(name, outcome.key, encode(outcome), timestamp=at))
    again = "first" if outcome.version == 1 else "corrected"
    horizon = str(outcome.horizon_days)
    draft.count("outcomes", outcome.kind.value, horizon, outcome.verdict.value, again)


def _hours(view: View, campaign: bytes) -> dict[int, Hour]:
    table = view.table(METRICS)
    hours: dict[int, Hour] = {}
    for day in unpack(table.get(campaign), CampaignRow).days:
        hours |= unpack(table.get(day_key(campaign, day)), DayRow).hours
    return hours


def _maturity(draft: Draft, books: Books, campaign: bytes) -> Maturity:
    """Return how mature the campaign's hours are; at once where nobody has taught a delay."""
    row = unpack(draft.view.table(METRICS).get(campaign), CampaignRow)
    platform, account, _ = parse_campaign_key(campaign)
    latest = draft.view.broadcast(draft.policy.topic(topics.PRIORS))
    scopes = (EVERYTHING, platform.encode(), account_key(platform, account))
    if not any(row.growth) and not any(_teaches(latest.get(scope)) for scope in scopes):
        return Maturity(logs=np.zeros((1, delay.STEPS + 1)))
    none = (0,) * delay.STEPS
    own = Delays(
        growth=np.array([row.growth or none]) / THOUSAND,
        level=np.array([row.level or none]) / THOUSAND,
    )
    return delay.mature(own, books.taught(latest, [(platform, account)]))


@lru_cache(maxsize=4_096)
def _teaches(prior: bytes | None) -> bool:
    """Return whether a prior says anything of the delay of conversions."""
    try:
        return prior is not None and decode(prior, Prior).delay is not None
    except SchemaError:
        return False
