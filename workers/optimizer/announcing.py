"""Publish decisions, and note in each campaign's state that it was decided."""

from __future__ import annotations

import numpy as np

from engine.arrays import Rows
from engine.holds import ORDER
from engine.plans import autonomy_for
from engine.state import pack
from schemas import digest
from schemas.topics import ACTIONS, RECOMMENDATIONS
from workers.optimizer import recommending
from workers.optimizer.deciding import Decided
from workers.optimizer.draft import Draft
from workers.optimizer.identity import identified
from workers.optimizer.json_columns import as_json, objects
from workers.optimizer.reasons import Reasons


def announce(draft: Draft, decided: Decided) -> Rows:
    """Publish what was decided; return the campaigns, with the decisions noted."""
    due = decided.due
    ids = _publish(draft, decided)
    _count(draft, decided)
    after = due.campaigns.copy()
    after["previous"] = np.frombuffer(bytes.fromhex("".join(ids)), dtype="V16")
    after["decided"] = np.maximum(after["decided"], due.hour)
    return after


def _publish(draft: Draft, decided: Decided) -> list[str]:
    """Publish recommendations, each followed by its action if it has one; return their ids."""
    due = decided.due
    states = zip(pack(due.campaigns), pack(decided.in_force), decided.pacing, strict=True)
    digests = [digest(state + forced + pacing) for state, forced, pacing in states]
    reasons = Reasons(draft.policy, decided)
    explained = [reasons.of(i) for i in range(len(due.keys))]
    members = recommending.recommendations(draft.policy, decided, digests)
    members["reasons"] = [as_json(each) for each in explained]
    advice = [identified(text, "recommendation_id") for text in objects(members)]
    ids = [identity for identity, _ in advice]
    whys = [each[0]["text"] for each in explained]
    released = _released(decided, members, whys, ids)
    for i, (key, now) in enumerate(zip(due.keys, due.now.tolist(), strict=True)):
        draft.publish(RECOMMENDATIONS, key, advice[i][1], now)
        if i in released:
            draft.publish(ACTIONS, key, released[i], now)
    return ids


def _released(
    decided: Decided, members: recommending.Members, whys: list[str], ids: list[str]
) -> dict[int, bytes]:
    """Return the actions of the recommendations that policy releases, by position."""
    made = decided.decisions
    chosen = np.flatnonzero(made.acts & made.ruling.release)
    if not chosen.size:
        return {}
    at = chosen.tolist()
    theirs: recommending.Members = {name: [texts[i] for i in at] for name, texts in members.items()}
    autonomies = autonomy_for(decided.due.plans, made.steers)[chosen]
    actions = recommending.actions(theirs, [ids[i] for i in at], autonomies, [whys[i] for i in at])
    texts = objects(actions)
    return {i: identified(text, "action_id")[1] for i, text in zip(at, texts, strict=True)}


def _count(draft: Draft, decided: Decided) -> None:
    made = decided.decisions
    acts, holds = int(made.acts.sum()), made.hold[~made.acts]
    if acts:
        draft.count("decisions", "pacing", by=acts)
    if holds.size:
        draft.count("decisions", "hold", by=int(holds.size))
    for hold, times in zip(*np.unique(holds, return_counts=True), strict=True):
        draft.count("holds", ORDER[hold].value, by=int(times))
    released = int((made.acts & made.ruling.release).sum())
    if released:
        draft.count("actions", "policy", by=released)
    index = made.outlook.index
    draft.observe("pace_index", index[index >= 0.0].tolist())
