"""The test kit that every connector passes: laws by name, each run on a platform of its own.

A law is run by ``asyncio.run(law(bench))``, where ``bench()`` opens a `Bench`; pytest shows each
under its name by ``@pytest.mark.parametrize("law", laws(FAULTS), ids=str)``. Needs no plug-in of
pytest.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from workers.connectors.protocol import Change, Connector, Ref, State
from workers.sandbox.faults import Fault
from workers.sandbox.platform import SandboxPlatform


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A connector, and the platform that it speaks to."""

    connector: Connector
    platform: SandboxPlatform
    budget: Ref
    bid: Ref | None = None
    """None where the platform has no bids."""
    values: tuple[Decimal, Decimal]
    """Two values other than those in force, that budget and bid may both be set to."""
    unknown: Ref
    """A budget of an entity that the platform does not have."""
    missing: Ref
    """Of a lever that the connector does not have, on an entity that exists."""
    secrets: tuple[str, ...] = ()
    """What must be in no text."""
    seconds: float = 10.0
    """What the connector may take for one call that hangs."""
    report: Callable[[date, int], None] | None = None
    """Lets the platform tell, from now on, that so many conversions came of a day, however many it
    told of it before; None where it reports nothing."""
    tokens: bool = False
    """Whether the platform has an endpoint that gives access tokens, and faults of it."""

    def change(self, ref: Ref, target: Decimal, currency: str, key: str = "kit-1") -> Change:
        """Return a change of the kit."""
        return Change(ref=ref, target=target, currency=currency, key=key)

    def refs(self) -> tuple[Ref, ...]:
        """Return the budget, and the bid where there is one."""
        return (self.budget,) if self.bid is None else (self.budget, self.bid)

    async def state(self, ref: Ref) -> State:
        """Return what the connector reads of a value that exists."""
        return (await self.connector.read_state([ref]))[ref]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a call came to that a fault struck, for who makes a table of it."""

    raised: str
    """Name of the error's class; empty where there was none."""
    then: str
    """What is in force afterwards, or what was told, in words."""


OpenBench = Callable[[], AbstractAsyncContextManager[Bench]]


@dataclass(frozen=True, slots=True)
class Law:
    """One law, by name."""

    name: str
    holds: Callable[[Bench], Awaitable[Seen | None]]

    async def __call__(self, bench: OpenBench) -> Seen | None:
        """Raise `AssertionError` where the law is broken; laws of faults say what they saw."""
        async with bench() as opened:
            return await self.holds(opened)

    def __str__(self) -> str:
        return self.name


def laws(faults: Iterable[Fault] = ()) -> list[Law]:
    """Return every law; those of faults for each that the platform can play."""
    from workers.connectors import kit_faults, kit_laws, kit_reads  # noqa: PLC0415 -- they import us

    played = set(faults)
    return [
        *kit_laws.everywhere(),
        *kit_reads.everywhere(),
        *kit_reads.of_faults(played),
        *kit_faults.of_faults(played),
    ]


def must(holds: object, otherwise: str) -> None:
    """Raise `AssertionError` with a sentence; unlike ``assert`` also under ``python -O``."""
    if not holds:
        raise AssertionError(otherwise)
