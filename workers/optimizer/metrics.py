"""The agent of metrics: learn each wave of facts, decide the campaigns that are due."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.arrays import Ints, Rows
from engine.calendar import HOUR
from engine.state import pack
from workers.delivery.api import Record, Step, View
from workers.optimizer.announcing import announce
from workers.optimizer.books import Books
from workers.optimizer.deciding import decide_due
from workers.optimizer.draft import Draft
from workers.optimizer.due import Due
from workers.optimizer.learning import learn
from workers.optimizer.policy import OptimizerPolicy
from workers.optimizer.reading import read_facts, waves
from workers.optimizer.silence import after_silence
from workers.optimizer.tables import METRICS, TICKS
from workers.optimizer.tracking import tell_suspicions
from workers.optimizer.wave import Wave, gather


def metrics_step(
    policy: OptimizerPolicy, books: Books, view: View, records: Sequence[Record]
) -> Step:
    """Learn and decide what the records of one partition of metrics bring."""
    draft = Draft(policy, view, METRICS)
    facts = read_facts(draft, records)
    draft.observe("event_age", [max(fact.now - fact.start - HOUR, 0) for fact in facts])
    for some in waves(facts):
        wave = learn(draft, gather(draft, books, some))
        campaigns = wave.campaigns
        chosen = np.flatnonzero(wave.due)
        if chosen.size:
            due = _due(draft, wave, chosen)
            campaigns = campaigns.copy()
            decided = decide_due(draft, books, due)
            draft.writes.update(decided.writes)
            campaigns[chosen] = announce(draft, decided)
            tell_suspicions(draft, books, due, decided.in_force)
        _store(draft, wave, campaigns)
    return draft.done()


def _due(draft: Draft, wave: Wave, chosen: Ints) -> Due:
    picked = chosen.tolist()
    facts = [wave.facts[i] for i in picked]
    ticks = draft.read_of(TICKS, [fact.key for fact in facts])
    campaigns = after_silence(ticks, wave.campaigns[chosen])
    events = [fact.event for fact in facts]
    return Due(
        keys=[fact.key for fact in facts],
        names=[(event.platform, event.account_id, event.campaign_id) for event in events],
        campaigns=campaigns,
        plan_values=[wave.plan_values[i] for i in picked],
        plans=wave.plans[chosen],
        calendar=wave.calendar,
        zones=wave.zones[chosen],
        account_zones=wave.account_zones[chosen],
        hour=wave.starts[chosen] + HOUR,
        now=np.array([fact.now for fact in facts], dtype=np.int64),
    )


def _store(draft: Draft, wave: Wave, campaigns: Rows) -> None:
    """Write the campaigns that changed."""
    before = draft.read_all(wave.keys)
    for key, old, new in zip(wave.keys, before, pack(campaigns), strict=True):
        if old != new:
            draft.writes[key] = new
