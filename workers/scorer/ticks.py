"""Ticks: what is due is looked at, and told where it differs from what was told before.

Each tick the campaigns are gone through whose next look has come. A look reads what the other
agents keep; what it tells depends on that and on the tick alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from workers.delivery.api import Record, Step, View
from workers.optimizer.delay_priors import DelayBook
from workers.scorer.draft import Draft
from workers.scorer.looking import look_at
from workers.scorer.policy import ScorerPolicy
from workers.scorer.rows import AUDIT, RECOMMENDATIONS, TICKS, look_in, pack_look, unpack_look
from workers.tick_times import tick_times


def ticks_step(
    policy: ScorerPolicy, books: DelayBook, view: View, records: Sequence[Record]
) -> Step:
    """Tell the outcomes that are due by the latest of these ticks."""
    draft = Draft(policy, view, TICKS)
    now, table = (
        max(tick_times(draft, records, policy.future_tolerance), default=0),
        view.table(TICKS),
    )
    advised = view.table(RECOMMENDATIONS)
    due = sorted(
        key for key in view.table(AUDIT) if key in advised and look_in(table.get(key)) <= now
    )
    for campaign in due[: policy.looks] if now else ():
        row = unpack_look(table.get(campaign))
        draft.writes[campaign] = pack_look(look_at(draft, books, campaign, row, now))
    return draft.done()
