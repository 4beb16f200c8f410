"""Shares a group's budget out once more, from its records, to hold one recommendation against.

A recommendation names the last record of its group and the last closed day that it was made from.
What an allocator keeps of closed days does not depend on their order, so that all up to there lead
to its state, and its clock to the same split; which word it takes the place of is told by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from schemas import Recommendation
from schemas.topics import GROUPS, PORTFOLIO
from workers.allocator import tables
from workers.allocator.advising import Advice
from workers.allocator.allocated import rows
from workers.allocator.allocating import Books, settled_if_due
from workers.allocator.draft import Draft
from workers.allocator.groups import groups_step
from workers.allocator.policy import AllocatorPolicy
from workers.allocator.portfolio import take_rows
from workers.allocator.reckoning import sets_of, too_old_of
from workers.allocator.releasing import ADVICE_ID, written
from workers.allocator.trees import below
from workers.delivery.api import Record
from workers.explain.partition import Partition

BY_GROUP = "group"
"""Name of the group in the evidence of a recommendation's first reason."""


def group_of(advice: Recommendation) -> str | None:
    """Return the group that a recommendation is of, if it is one of a group's budget."""
    named = advice.reasons[0].evidence.get(BY_GROUP) if advice.reasons else None
    return named if isinstance(named, str) else None


def groups_of(
    policy: AllocatorPolicy,
    advice: Recommendation,
    records: Iterable[Record],
    place: tuple[int, int],
) -> frozenset[bytes]:
    """Return the keys of the groups whose closed days a recommendation was made from.

    Parameters are those of `recomputed`; of the records those of groups are enough.
    """
    told = [each for each in records if each.offset <= advice.inputs.get(each.topic, -1)]
    view = _defined(policy, told, place)
    return _tree_in(policy, view, (group_of(advice) or "").encode())


def _defined(policy: AllocatorPolicy, told: Iterable[Record], place: tuple[int, int]) -> Partition:
    """Return a partition that knows what was told of groups."""
    view = Partition(*place)
    defined = [each for each in told if each.topic == policy.topic(GROUPS)]
    view.commit(tables.GROUPS, groups_step(policy, view, defined))
    return view


def _tree_in(policy: AllocatorPolicy, view: Partition, group: bytes) -> frozenset[bytes]:
    draft = Draft(policy, view, tables.TICKS)
    return frozenset([group, *below(draft, group)])


def recomputed(
    policy: AllocatorPolicy,
    advice: Recommendation,
    records: Iterable[Record],
    place: tuple[int, int],
) -> bytes | None:
    """Return the recommendation as it is made now; None where the records lead to none.

    Parameters
    ----------
    policy
        That of the allocator.
    advice
        What was published.
    records
        Of the partition of the group's key, from the topics of groups and of closed days: at least
        those of the groups of its tree.
    place
        The partition of the group's key, and how many there are.
    """
    group = (group_of(advice) or "").encode()
    told = [each for each in records if each.offset <= advice.inputs.get(each.topic, -1)]
    view = _defined(policy, told, place)
    members = _tree_in(policy, view, group)
    closed = [each for each in told if each.topic == policy.topic(PORTFOLIO)]
    closed = [each for each in closed if each.key in members]
    books = Books()
    view.commit(tables.MEMBERS, take_rows(policy, books, view, closed))
    said = {advice.key: bytes.fromhex(advice.supersedes)} if advice.supersedes else {}
    # Rates are of then: what it reckoned with is written in it, the topic keeps the latest only.
    before = -1, sets_of(advice.reasons)
    view.tables[tables.RATES] = too_old_of(advice.reasons)
    view.tables[tables.TICKS] = rows(tables.TICKS, group, before, said)
    draft = Draft(policy, view, tables.TICKS)
    settled = settled_if_due(draft, books, group, int(advice.decided_at.timestamp()))
    if settled is None or advice.key not in settled.campaigns:
        return None
    row = settled.rows[settled.campaigns.index(advice.key)]
    return written(Advice(policy, settled.facts).of(advice.key, row), ADVICE_ID)
