"""Laws: what has to hold after each history.

Of a worker that is paused between its last check and the socket, and wakes when another one owns
the orders, this can be promised and no more: the one call per entity that it was about to make is
made, a *stray*; it makes no other one. A stray may set its order's value once more, over whatever
has come since. So strays are held apart below, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.workers.executor.live.simulation.history import START, Fate
from tests.workers.executor.live.simulation.platform import Turn
from tests.workers.executor.live.simulation.world import CHANGES_PER_HOUR, World
from workers.executor.live.outcome import Result

_IN_FORCE = {Result.APPLIED, Result.CONFIRMED, Result.UNVERIFIED}
_HOUR = 3600.0


def broken(world: World) -> list[str]:
    """Return the laws that a history has broken, each with where; nothing if all hold."""
    found = list(world.broken)
    for law in (_ended, _once, _explained, _true, _within_limits, _few_strays):
        found += law(world)
    return found


def _ended(world: World) -> Iterator[str]:
    """Every order ends, and says the same however often it is told."""
    effects = Counter(outcome.action_id for outcome in world.effects)
    for order in world.orders:
        if effects[order] != 1:
            yield f"order {order} has {effects[order]} outcomes"


def _once(world: World) -> Iterator[str]:
    """An order takes effect once; again only after a person's edit, or by or after a stray."""
    for entity, turns in world.platform.turns.items():
        done: set[str] = set()
        for turn in turns:
            if turn.by is None or turn.by.stray:
                done.clear()
            elif turn.by.order in done:
                yield f"order {turn.by.order} of {entity} has taken effect twice"
            else:
                done.add(turn.by.order)


def _explained(world: World) -> Iterator[str]:
    """The audit explains what is in force at the end, and every value that ever was.

    Whatever an order has set is told as applied, confirmed or unverified: unless it was set anew,
    by a person or a stray, before its outcome, as then nobody may have seen it.
    """
    first = world.first_effects()
    for entity, turns in world.platform.turns.items():
        for turn in turns:
            if turn.by is None or turn.by.stray or turn.by.order not in first:
                continue
            outcome = first[turn.by.order]
            told = outcome.result in _IN_FORCE
            if not told and not _set_again(turns, turn, outcome.at):
                yield f"{entity} became {turn.value} by {turn.by.order}, told as {outcome.result}"
            if outcome.result in _IN_FORCE - {Result.UNVERIFIED} and outcome.after != turn.value:
                yield f"{entity} became {turn.value} by {turn.by.order}, told {outcome.after}"


def _set_again(turns: list[Turn], turn: Turn, until: float) -> bool:
    """Return whether somebody else has set the entity between a turn and its outcome."""
    others = [one for one in turns if one.by is None or one.by.stray]
    return any(turn.at <= other.at <= until for other in others)


def _true(world: World) -> Iterator[str]:
    """What is told as in force was in force at some time between release and outcome."""
    for order, outcome in world.first_effects().items():
        if outcome.result not in {Result.APPLIED, Result.CONFIRMED}:
            continue
        entity, target = world.orders[order].change.ref.entity_id, world.orders[order].change.target
        turns = world.platform.turns.get(entity, [])
        ends = [turn.at for turn in turns[1:]] + [float("inf")] * bool(turns)
        since = world.orders[order].released_at
        spans = zip(turns, ends, strict=True)
        was = any(t.value == target and t.at <= outcome.at and end >= since for t, end in spans)
        start = turns[0].at if turns else float("inf")
        if not was and not (target == START and start >= since):
            yield f"order {order} is told as {outcome.result}, and {target} never was in force"


def _within_limits(world: World) -> Iterator[str]:
    """No hour sees more changes of an entity by owners than the platform allows.

    Left out is what nobody could see, as people have set the entity anew before anything was read:
    what an order set before it set it again, and what an order set that is told as not made. That
    these have no other cause is what `_once` and `_explained` say.
    """
    first = world.first_effects()
    for entity, turns in world.platform.turns.items():
        by_order = {t.by.order: t.at for t in turns if t.by is not None and not t.by.stray}
        ours = sorted(
            at
            for order, at in by_order.items()
            if order in first and first[order].result in _IN_FORCE | {Result.DRIFT}
        )
        for at, later in zip(ours, ours[CHANGES_PER_HOUR:], strict=False):
            if later - at < _HOUR:
                yield f"{entity} was changed more than {CHANGES_PER_HOUR} times within an hour"


def _few_strays(world: World) -> Iterator[str]:
    """A worker that was paused makes at most one stray call per entity; others make none."""
    paused = any(fault.what is Fate.PAUSED for fault in world.history.faults)
    strays = Counter((one.worker, one.entity) for one in world.platform.sent if one.stray)
    for (worker, entity), count in strays.items():
        if count > 1 or not paused:
            yield f"{worker} has made {count} stray calls for {entity}"
