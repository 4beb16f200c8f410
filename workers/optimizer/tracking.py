"""Whether conversions of campaigns are still counted, from the hours that are kept of them.

Those are watched that keep how old their hours were when they were told: campaigns whose bids are
held to a target, and those that move budget within the day. Others decide nothing on conversions of
the newest days.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Final, NamedTuple

import numpy as np

from engine import delay
from engine.arrays import Bools, Floats, Ints, Rows
from engine.calendar import DAY, HOUR
from engine.delay import Maturity
from engine.tracking import DOUBTED, RETURNED, Clicked, Outages, outages
from schemas import Suspicion
from schemas.topics import PRIORS, SUSPICIONS
from workers.instants import from_seconds
from workers.optimizer.books import Books
from workers.optimizer.delays import delays_of, watched
from workers.optimizer.draft import Draft, Tracked
from workers.optimizer.due import Due
from workers.optimizer.lived import Campaigns, ToldHours, campaigns_of, cells_of, told_hours
from workers.optimizer.plan_calendar import excluded
from workers.optimizer.tables import METRICS, ages_key, suspicion_key, windows_key

HOURS: Final = 14 * 24
"""Hours among which an outage is looked for, and by which cost per conversion is judged: older ones
would hardly count."""

AGAIN: Final = DAY
"""Seconds after which it is told again that nothing has changed: who tells, is there."""

_DIGITS: Final = 1


class Kept(NamedTuple):
    """Hours of R campaigns; shapes (R, H)."""

    starts: Ints
    cells: Ints
    """Hours of the local week."""
    told: ToldHours
    out: Bools
    """Which are excluded from learning."""


def kept_hours(draft: Draft, campaigns: Campaigns, count: int) -> Kept:
    """Return the last hours of campaigns, up to the newest one."""
    until = campaigns.newest - (count - 1) * HOUR
    starts = until[:, None] + np.arange(count) * HOUR
    windows = draft.read_of(METRICS, [windows_key(key) for key in campaigns.keys])
    owners = np.repeat(np.arange(len(windows)), count)
    out = excluded(windows, owners, starts.ravel()).reshape(starts.shape)
    told = told_hours(draft, campaigns, until, count)
    return Kept(starts, cells_of(campaigns, starts), told, out)


def outages_of(draft: Draft, keys: Sequence[bytes], kept: Kept, share: Maturity) -> Outages:
    """Return the likeliest outage among the hours of campaigns."""
    ages = _ages(draft, keys, kept.starts)
    told = kept.told
    found = outages(
        Clicked(
            clicks=told.clicks,
            conversions=told.conversions,
            shares=np.where(told.final, 1.0, share.at(ages)),
            of_day=kept.cells % 24,
            usable=told.usable & (ages >= 0.0),
            usual=~kept.out,
        )
    )
    for i, key in enumerate(keys):
        draft.tracked[key] = Tracked(found, kept.starts, i)
    return found


def tell_suspicions(draft: Draft, books: Books, due: Due, forced: Rows) -> None:
    """Publish what campaigns' hours say of their tracking, where that has changed."""
    rows = np.flatnonzero(watched(due.plans) & (due.plans["version"] > 0)).tolist()
    # Those that have a target were asked when their ceiling was sought.
    _ask(draft, books, due, forced, [i for i in rows if due.keys[i] not in draft.tracked])
    for i in rows:
        _tell(draft, due.keys[i], due.names[i], int(due.now[i]))


def _ask(draft: Draft, books: Books, due: Due, forced: Rows, rows: Sequence[int]) -> None:
    if not rows:
        return
    campaigns = campaigns_of(due, forced, np.array(rows))
    latest = draft.view.broadcast(draft.policy.topic(PRIORS))
    taught = books.delays.taught(latest, [due.names[i][:2] for i in rows])
    share = delay.mature(delays_of(draft, campaigns.keys), taught)
    outages_of(draft, campaigns.keys, kept_hours(draft, campaigns, HOURS), share)


def _tell(draft: Draft, key: bytes, name: tuple[str, str, str], now: int) -> None:
    """Publish a suspicion that is news; that there is none, once a day."""
    tracked, stored = draft.tracked.pop(key), suspicion_key(key)
    before = draft.read(stored) or bytes(16)
    gist = _gist_of(tracked)
    doubted = tracked.found.evidence[tracked.at] >= DOUBTED
    digest = _digest(gist) if doubted else bytes(8)
    if before[8:] == digest and now - int.from_bytes(before[:8], "big") < AGAIN:
        return
    draft.writes[stored] = now.to_bytes(8, "big") + digest
    draft.publish_by_key(SUSPICIONS, _suspicion(name, tracked, gist, now), now)


class _Gist(NamedTuple):
    """What of a suspicion may be news."""

    evidence: float
    evidence_now: float
    since: datetime
    since_now: datetime | None
    until: datetime | None


def _gist_of(tracked: Tracked) -> _Gist:
    found, i = tracked.found, tracked.at
    starts, end, newest = tracked.starts[i], int(found.end[i]), tracked.starts.shape[1] - 1
    now_lost = round(float(found.now[i]), _DIGITS)
    back = end > 0 and found.returned[i] >= RETURNED
    return _Gist(
        evidence=round(float(found.evidence[i]), _DIGITS),
        evidence_now=now_lost,
        since=from_seconds(int(starts[min(int(found.first[i]), newest)])),
        since_now=from_seconds(int(starts[min(int(found.began[i]), newest)]))
        if now_lost >= DOUBTED
        else None,
        until=from_seconds(int(starts[end - 1]) + HOUR) if back else None,
    )


def _digest(gist: _Gist) -> bytes:
    """Return what tells a suspicion from others: not what changes a little with every hour."""
    evidence, evidence_now, *times = gist
    known = (round(evidence), round(evidence_now), *times)
    return blake2b(repr(known).encode(), digest_size=8).digest()


def _suspicion(name: tuple[str, str, str], tracked: Tracked, gist: _Gist, now: int) -> Suspicion:
    (platform, account, campaign), (found, starts, i) = name, tracked
    return Suspicion(
        platform=platform,
        account_id=account,
        campaign_id=campaign,
        **gist._asdict(),
        expected=round(float(found.expected[i]), _DIGITS),
        counted=round(float(found.counted[i]), _DIGITS),
        judged_from=from_seconds(int(starts[i, 0])),
        told_at=from_seconds(now),
    )


def _ages(draft: Draft, keys: Sequence[bytes], starts: Ints) -> Floats:
    """Return how old hours (R, H) were, in hours, when they were told last; -1 where unknown."""
    first, last = starts[:, 0] // DAY, starts[:, -1] // DAY
    most = int((last - first).max(initial=-1)) + 1
    wanted = [
        ages_key(key, day)
        for key, begins in zip(keys, first.tolist(), strict=True)
        for day in range(begins, begins + most)
    ]
    values = b"".join([value or bytes(48) for value in draft.read_of(METRICS, wanted)])
    whole = np.frombuffer(values, dtype="<u2").reshape(len(keys), -1)
    at = (starts - first[:, None] * DAY) // HOUR
    return np.take_along_axis(whole, at, axis=1) - 1.0
