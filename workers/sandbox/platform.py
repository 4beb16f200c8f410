"""What every platform on loopback lets whoever runs it do, beside what goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from workers.connectors.protocol import Ref
from workers.sandbox.faults import FaultQueue


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A value that was set on a platform on loopback."""

    ref: Ref
    before: Decimal | None
    after: Decimal
    at: datetime
    by_person: bool
    """Whether somebody has set it beside the interface that connectors speak."""


class SandboxPlatform(Protocol):
    """A server on loopback that keeps accounts, campaigns and ad sets in memory."""

    faults: FaultQueue

    @property
    def address(self) -> str:
        """Where it listens: ``http://127.0.0.1:PORT`` or ``127.0.0.1:PORT``."""

    @property
    def effects(self) -> tuple[Effect, ...]:
        """Every value that was set, oldest first, whether or not anybody was told."""

    def value(self, ref: Ref) -> Decimal | None:
        """Return what is in force, whatever reads are told.

        Raises
        ------
        KeyError
            There is no such entity.
        """

    def edit(self, ref: Ref, value: Decimal) -> None:
        """Set a value as a person does in the platform's own pages."""

    async def start(self) -> None:
        """Listen on the given port of loopback, or on a free one."""

    async def restart(self) -> None:
        """Stop and listen anew on the same port, with all that is in force as it was."""

    async def stop(self) -> None:
        """Stop listening; open requests are cut."""
