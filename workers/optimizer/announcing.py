"""Publish decisions, and note in each campaign's state that it was decided."""

from __future__ import annotations

import numpy as np

from engine.arrays import Rows
from engine.holds import ORDER
from engine.state import pack
from schemas import digest
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.optimizer.columns import Row, rows
from workers.optimizer.deciding import Decided
from workers.optimizer.draft import Draft
from workers.optimizer.identity import identified
from workers.optimizer.recommending import Writer, action


def announce(draft: Draft, decided: Decided) -> Rows:
    """Publish what was decided; return the campaigns, with the decisions noted."""
    due = decided.due
    writer = Writer(draft.policy, decided)
    states, forced = pack(due.campaigns), pack(decided.in_force)
    published = bytearray()
    made = rows(decided)
    for i, row in enumerate(made):
        seen = digest(states[i] + forced[i])
        body = writer.recommendation(i, row, seen)
        identity, value = identified(body, "recommendation_id")
        draft.publish(RECOMMENDATIONS, due.keys[i], value, row.now)
        published += bytes.fromhex(identity)
        if row.acts and row.release:
            _, released = identified(action(body, identity, row), "action_id")
            draft.publish(ACTIONS, due.keys[i], released, row.now)
    _count(draft, made)
    after = due.campaigns.copy()
    after["previous"] = np.frombuffer(bytes(published), dtype="V16")
    after["decided"] = np.maximum(after["decided"], due.hour)
    return after


def _count(draft: Draft, made: list[Row]) -> None:
    acts = sum(row.acts for row in made)
    if acts:
        draft.count("decisions", "pacing", by=acts)
    if len(made) > acts:
        draft.count("decisions", "hold", by=len(made) - acts)
    for row in made:
        if not row.acts:
            draft.count("holds", ORDER[row.hold].value)
    released = sum(row.acts and row.release for row in made)
    if released:
        draft.count("actions", "policy", by=released)
    draft.observe("pace_index", [row.pace for row in made if row.pace >= 0.0])
