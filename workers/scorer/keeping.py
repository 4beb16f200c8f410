"""Which advice of a campaign is kept until it is scored.

Of the many of a local day the first one that took effect is scored. Those that may still be it
are kept, in a row of their day: one more is weighed against that day alone. The audit trail, read
by another agent, says which took effect. Other advice is rare, and in the campaign's own row.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from workers.scorer.draft import Draft
from workers.scorer.policy import DAY
from workers.scorer.rows import (
    AUDIT,
    CLOCK,
    RECOMMENDATIONS,
    AuditRow,
    Noted,
    Projection,
    Projections,
    StoredDay,
    clock_in,
    day_key,
    noted,
    stored,
)

_TIDIED: Final = 3
"""Earlier days that are gone through as a new one begins; by then the trail has decided them."""


class _Entry(NamedTuple):
    """Advice of a day."""

    note: Noted
    as_stored: msgspec.Raw


def keep(draft: Draft, campaign: bytes, made: Projection) -> None:
    """Keep advice that may be scored one day."""
    if made.is_daily:
        _keep_of_day(draft, campaign, made)
        return
    row = draft.row(campaign, Projections)
    if all(one.id != made.id for one in row.kept):
        newest = sorted((*row.kept, made), key=_order)[-draft.policy.most :]
        oldest = newest[-1].hour - draft.policy.forgotten
        kept = tuple(one for one in newest if one.hour > oldest)
        draft.keep(campaign, replace(row, kept=kept))


def kept_of(draft: Draft, campaign: bytes, after: int = 0) -> Iterator[Projection]:
    """Yield what is kept of a campaign, of days only of those that end ``after`` a time."""
    row = draft.other(RECOMMENDATIONS, campaign, Projections)
    yield from row.kept
    for end in row.days:
        if end > after:
            yield from draft.other(RECOMMENDATIONS, day_key(campaign, end), Projections).kept


def first_applied(kept: Iterable[Projection], applied: Collection[bytes]) -> dict[int, Projection]:
    """Return, of each local day's advice, the first that took effect, by the end of the day."""
    found = dict[int, Projection]()
    for one in kept:
        if one.is_daily and one.id in applied:
            before = found.get(one.day_end)
            if before is None or _order(one) < _order(before):
                found[one.day_end] = one
    return found


def _keep_of_day(draft: Draft, campaign: bytes, made: Projection) -> None:
    key = day_key(campaign, made.day_end)
    day = _entries(draft.row(key, StoredDay))
    applied = draft.other(AUDIT, campaign, AuditRow).applied
    if _comes_second(made, day, applied):
        return
    insort(day, _Entry(made, stored(made)), key=_in_order)
    stay = _scorable(draft, applied, day)
    if stay and _make_room(draft, campaign, made):
        draft.keep(key, StoredDay(stay))


def _make_room(draft: Draft, campaign: bytes, made: Projection) -> bool:
    """Return whether the day of ``made`` is kept; older ones go as new ones come."""
    row = draft.row(campaign, Projections)
    if made.day_end in row.days:
        return True
    days = sorted({*row.days, made.day_end})
    # A day's advice is up to a day older than its end.
    oldest = days[-1] - DAY - draft.policy.forgotten
    gone = {end for end in days if end <= oldest}
    gone |= {end for end in row.days[-_TIDIED:] if not _tidy(draft, campaign, end)}
    for end in gone - {made.day_end}:
        draft.drop(day_key(campaign, end))
    if made.day_end <= oldest:
        return False
    kept = tuple(one for one in row.kept if one.hour > made.hour - draft.policy.forgotten)
    draft.keep(campaign, Projections(kept, tuple(end for end in days if end not in gone)))
    return True


def _tidy(draft: Draft, campaign: bytes, end: int) -> bool:
    """Leave of a day what may still be scored; return whether there is any."""
    if _clock(draft) < end:
        return True
    key = day_key(campaign, end)
    day = _entries(draft.row(key, StoredDay))
    stay = _scorable(draft, draft.other(AUDIT, campaign, AuditRow).applied, day)
    if len(stay) < len(day):
        draft.keep(key, StoredDay(stay))
    return bool(stay)


def _entries(row: StoredDay) -> list[_Entry]:
    return [_Entry(noted(one), one) for one in row.kept]


def _comes_second(made: Noted, day: Sequence[_Entry], applied: Collection[bytes]) -> bool:
    """Return whether advice is kept already, or other of its day is known to be the first."""
    return any(
        one.id == made.id or (one.id in applied and _order(one) < _order(made)) for one, _ in day
    )


def _scorable(
    draft: Draft, applied: Collection[bytes], day: Sequence[_Entry]
) -> tuple[msgspec.Raw, ...]:
    """Return what of a day's advice, in order, is the first that took effect, or may become it.

    It may as long as the audit trail has not been read to a day after its expiry.
    """
    clock, stay = _clock(draft), list[msgspec.Raw]()
    for one, as_stored in day:
        if one.id in applied:
            return (*stay, as_stored)
        if clock < one.expires + DAY:
            stay.append(as_stored)
    return tuple(stay)


def _clock(draft: Draft) -> int:
    return clock_in(draft.view.table(AUDIT).get(CLOCK))


def _order(one: Noted) -> tuple[int, bytes]:
    return one.hour, one.id


def _in_order(entry: _Entry) -> tuple[int, bytes]:
    return _order(entry.note)
