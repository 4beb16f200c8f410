"""Histories: what is ordered, and all that goes wrong; drawn from a seed, and readable."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from random import Random

from schemas.fields import Entity
from workers.connectors.protocol import Change, Lever, Ref
from workers.executor.live.order import Order, kind_of


class Call(StrEnum):
    """What the platform does with a call that changes something."""

    THROTTLED = "throttled"
    THROTTLED_WITH_HINT = "throttled, with a hint"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    NO_CREDENTIALS = "no credentials"
    LOST = "not applied, answer lost"
    DONE_AND_LOST = "applied, answer lost"
    DONE_LATE = "answer lost, applied later"
    HANGS = "hangs, not applied"
    DONE_AND_HANGS = "applied, hangs"


class Reading(StrEnum):
    """What it does with a reading."""

    STALE = "stale"
    LOST = "lost"
    THROTTLED = "throttled"


class Fate(StrEnum):
    """What happens to a worker."""

    KILLED = "killed"
    PAUSED = "paused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order: a value for an entity, said at ``at``, brought ``brought`` seconds after each."""

    number: int
    entity: str
    expected: int
    target: int
    at: float
    lasts: float
    brought: tuple[float, ...]
    noted: float
    """Seconds after which its effect reaches the tables."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something goes wrong with the ``nth`` call, reading, or step of a worker."""

    what: Call | Reading | Fate
    nth: int
    seconds: float
    """How late, how stale, or how long until a paused worker wakes."""
    takeover: float = 0.0
    """After how many seconds another worker takes over."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A person sets a value."""

    at: float
    entity: str
    value: int


@dataclass(frozen=True, slots=True)
class Freeze:
    """A person lets nothing be changed."""

    at: float
    entity: str
    seconds: float


@dataclass(frozen=True, slots=True)
class History:
    """All of it. The same history runs in the same way each time."""

    seed: int
    orders: tuple[Ordered, ...]
    faults: tuple[Fault, ...]
    edits: tuple[Edit, ...] = ()
    freezes: tuple[Freeze, ...] = ()


START = 100
LATEST = 20.0
STALEST = 8.0
"""A platform that keeps to these is what `Patience` is set for in the simulation."""
_NEVER_CONSISTENT = 90.0
_VALUES = (80, 90, 100, 110, 120)


def draw(seed: int) -> History:
    """Return the history of a seed."""
    chance = Random(seed)
    entities = ("a", "b")[: chance.choice((1, 1, 2))]
    orders = _orders(chance, entities)
    few = chance.randrange(4)
    if few == 0 and chance.random() < 0.3:
        faults = tuple(
            Fault(Reading.STALE, chance.randint(1, 8), _NEVER_CONSISTENT) for _ in range(8)
        )
    elif few == 0 and chance.random() < 0.2:
        # A bad hour: hardly any call comes through.
        faults = tuple(
            Fault(chance.choice(list(Call)), nth, chance.choice((0.2, LATEST)))
            for nth in range(1, 9)
        )
    else:
        faults = tuple(_fault(chance) for _ in range(few + chance.randrange(3)))
    edits = tuple(
        Edit(_moment(chance), chance.choice(entities), chance.choice(_VALUES))
        for _ in range(chance.choice((0, 0, 1, 2)))
    )
    freezes = tuple(
        Freeze(_moment(chance), chance.choice(entities), chance.choice((2.0, 40.0, 4000.0)))
        for _ in range(chance.choice((0, 0, 0, 1)))
    )
    return History(seed, orders, faults, edits, freezes)


def _orders(chance: Random, entities: tuple[str, ...]) -> tuple[Ordered, ...]:
    believed = dict.fromkeys(entities, START)
    orders = []
    for number in range(chance.randint(1, 5)):
        entity, target = chance.choice(entities), chance.choice(_VALUES)
        # Most orders expect what the one before them sets; some are mistaken.
        expected = believed[entity] if chance.random() < 0.9 else chance.choice(_VALUES)
        believed[entity] = target
        brought = tuple(
            chance.choice((0.0, 0.1, 5.0, 50.0)) for _ in range(chance.choice((1, 1, 2)))
        )
        lasts = chance.choice((3.0, 60.0, 900.0, 9000.0))
        at = float(number) if chance.random() < 0.7 else _moment(chance) + number
        noted = chance.choice((0.0, 1.0, 30.0))
        orders.append(Ordered(number, entity, expected, target, at, lasts, brought, noted))
    return tuple(orders)


def _fault(chance: Random) -> Fault:
    kind = chance.random()
    if kind < 0.5:
        what = chance.choice(list(Call))
        return Fault(what, chance.randint(1, 6), chance.choice((0.2, 3.0, LATEST)))
    if kind < 0.65:
        seconds = chance.uniform(0.5, STALEST)
        return Fault(chance.choice(list(Reading)), chance.randint(1, 12), seconds)
    seconds = chance.choice((1.0, 30.0, 200.0, 2000.0))
    takeover = chance.choice((0.0, 0.5, 20.0))
    return Fault(chance.choice(list(Fate)), chance.randint(1, 60), seconds, takeover)


def _moment(chance: Random) -> float:
    return chance.choice((chance.uniform(0, 5), chance.uniform(0, 60), chance.uniform(0, 4000)))


def order_from(ordered: Ordered) -> Order:
    """Return what a courier is handed."""
    ref = Ref(
        account_id="1",
        entity=Entity.CAMPAIGN,
        entity_id=ordered.entity,
        lever=Lever.DAILY_BUDGET,
    )
    expected, target = Decimal(ordered.expected), Decimal(ordered.target)
    change = Change(ref=ref, target=target, currency="EUR", key=str(ordered.number))
    return Order(
        action_id=change.key,
        platform="model",
        change=change,
        expected=expected,
        kind=kind_of(change, expected),
        released_at=ordered.at,
        expires_at=ordered.at + ordered.lasts,
    )
