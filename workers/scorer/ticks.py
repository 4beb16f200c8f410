"""Ticks: what is due is looked at, and told where it differs from what was told before.

Each tick the campaigns are gone through whose next look has come. A look reads what the other
agents keep; what it tells depends on that and on the tick alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from schemas import SchemaError, Tick, decode
from workers.delivery.api import Record, Step, View
from workers.optimizer.delay_priors import DelayBook
from workers.scorer.draft import Draft
from workers.scorer.looking import look_at
from workers.scorer.policy import ScorerPolicy
from workers.scorer.rows import AUDIT, RECOMMENDATIONS, TICKS, look_in, pack_look, unpack_look


def ticks_step(
    policy: ScorerPolicy, books: DelayBook, view: View, records: Sequence[Record]
) -> Step:
    """Tell the outcomes that are due by the latest of these ticks."""
    draft = Draft(policy, view, TICKS)
    now, table = max(_times(draft, records), default=0), view.table(TICKS)
    advised = view.table(RECOMMENDATIONS)
    due = sorted(
        key for key in view.table(AUDIT) if key in advised and look_in(table.get(key)) <= now
    )
    for campaign in due[: policy.looks] if now else ():
        row = unpack_look(table.get(campaign))
        draft.writes[campaign] = pack_look(look_at(draft, books, campaign, row, now))
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
