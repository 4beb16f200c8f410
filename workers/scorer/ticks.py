"""Ticks: what is due is looked at, and told where it differs from what was told before.

Once an hour of the ticks the campaigns are gone through whose next look has come. A look reads what
the other agents keep; what it tells depends on that and on the tick alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import SchemaError, Tick, decode
from workers.delivery.api import Record, Step, View
from workers.scorer.draft import Draft
from workers.scorer.looking import Books, look_at
from workers.scorer.policy import HOUR, ScorerPolicy
from workers.scorer.rows import CLOCK, RECOMMENDATIONS, TICKS, ScoredRow, clock_in, pack, unpack


def ticks_step(policy: ScorerPolicy, books: Books, view: View, records: Sequence[Record]) -> Step:
    """Tell the outcomes that are due by the latest of these ticks."""
    draft = Draft(policy, view, TICKS)
    since = clock_in(draft.read(CLOCK))
    now = max(_times(draft, records), default=0)
    if now // HOUR > since // HOUR:
        for campaign in sorted(view.table(RECOMMENDATIONS)):
            row = unpack(draft.read(campaign), ScoredRow)
            if row.next_look <= now:
                draft.writes[campaign] = pack(look_at(draft, books, campaign, row, now))
        draft.writes[CLOCK] = now.to_bytes(8, "big")
    return draft.done()


def _times(draft: Draft, records: Sequence[Record]) -> Iterator[int]:
    """Yield what ticks say, in seconds; the optimizer puts aside those not to be believed."""
    for record in records:
        try:
            tick = decode(record.value or b"", Tick)
        except SchemaError:
            draft.count("ignored", record.topic, "unreadable")
            continue
        now = int(tick.time.timestamp())
        if tick.partition != draft.view.partition:
            draft.count("ignored", record.topic, "other_partition")
        elif now > record.timestamp // 1_000 + draft.policy.future_tolerance:
            draft.count("ignored", record.topic, "ahead_of_its_time")
        else:
            yield now
