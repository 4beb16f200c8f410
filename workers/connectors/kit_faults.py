"""Laws of faults: each ends in the class of error that fits, and in force is what that says."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.kit import Bench, Law, must
from workers.connectors.protocol import Ref
from workers.sandbox.faults import Fault, Planned

Errors = tuple[type[ConnectorError], ...]

EXPECTED: Final[dict[Fault, Errors]] = {
    Fault.THROTTLED: (Throttled,),
    Fault.THROTTLED_WITHOUT_HINT: (Throttled,),
    Fault.BUDGET_CHANGES: (Throttled,),
    Fault.HTML_502: (Ambiguous,),
    Fault.JSON_500: (Ambiguous,),
    Fault.EMPTY_SUCCESS: (Ambiguous,),
    Fault.PARTIAL_FAILURE: (Rejected, Ambiguous),
    Fault.EMPTY_504: (Ambiguous,),
    Fault.RESET: (Ambiguous,),
    Fault.HANG: (Ambiguous,),
    Fault.APPLIED_THEN_HANG: (Ambiguous,),
    Fault.APPLIED_THEN_RESET: (Ambiguous,),
    Fault.EDITED_MEANWHILE: (Ambiguous,),
    Fault.CONFLICT: (Conflict,),
    Fault.TOKEN_EXPIRED: (AuthFailed, Throttled),
    Fault.TOKEN_REVOKED: (AuthFailed,),
    Fault.NO_PERMISSION: (AuthFailed, Rejected),
    Fault.VERSION_SUNSET: (AuthFailed, Rejected),
    Fault.SLOW: (Ambiguous,),
}
"""By which errors a change may end that a fault strikes."""

MAY_SUCCEED: Final = frozenset({Fault.SLOW, Fault.TOKEN_EXPIRED})
"""Faults that a connector may get over: it waits, or asks for a new token before it sends."""
DONE: Final = frozenset({Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET})


@dataclass(frozen=True, slots=True)
class FaultLaw:
    """What a change of one kind comes to when a fault strikes it."""

    fault: Fault
    of_bid: bool

    async def __call__(self, bench: Bench) -> None:
        """See to the error's class, its time, its texts, and what is in force."""
        ref = bench.bid if self.of_bid else bench.budget
        if ref is None:
            return
        before = bench.platform.value(ref)
        raised = await self._struck(bench, ref)
        must(
            isinstance(raised, EXPECTED[self.fault])
            or (raised is None and self.fault in MAY_SUCCEED),
            f"{self.fault} ended in {type(raised).__name__}",
        )
        if isinstance(raised, Throttled) and self.fault is Fault.THROTTLED:
            must(raised.retry_after, "the platform said how long to wait, the error does not")
        self._in_force(bench, ref, raised, before)
        if bench.connector.capabilities.readable and not isinstance(raised, AuthFailed | Rejected):
            read = (await bench.state(ref)).value
            must(read == bench.platform.value(ref), f"{read} is read, which is not in force")

    async def _struck(self, bench: Bench, ref: Ref) -> ConnectorError | None:
        state = await bench.state(ref)
        planned = Planned(fault=self.fault, ref=ref, value=bench.values[1])
        bench.platform.faults.plan(planned)
        change = bench.change(ref, bench.values[0], state.currency)
        try:
            async with asyncio.timeout(bench.seconds):
                await bench.connector.apply(change, state)
        except ConnectorError as error:
            must(not len(bench.platform.faults), f"{self.fault} did not strike: {error.detail}")
            _no_secret(bench, error)
            return error
        except TimeoutError:
            raise AssertionError(f"apply took longer than {bench.seconds} s") from None
        must(not len(bench.platform.faults), f"{self.fault} did not strike")
        return None

    def _in_force(
        self, bench: Bench, ref: Ref, raised: ConnectorError | None, before: object
    ) -> None:
        ours = [effect for effect in bench.platform.effects if not effect.by_person]
        must(len(ours) <= 1, f"one apply had {len(ours)} effects")
        done = raised is None or self.fault in DONE
        if self.fault is not Fault.SLOW:
            must(len(ours) == int(done), f"{len(ours)} effects after {self.fault}")
        wanted = bench.values[0] if ours else before
        if self.fault is Fault.EDITED_MEANWHILE:
            wanted = bench.values[1]
        must(bench.platform.value(ref) == wanted, f"{bench.platform.value(ref)} is in force")


def of_faults(faults: Iterable[Fault]) -> list[Law]:
    """Return a law for each fault of changes, of budgets and of bids."""
    played = [fault for fault in Fault if fault in set(faults) and fault in EXPECTED]
    return [
        Law(f"{fault}-{'bid' if of_bid else 'budget'}", FaultLaw(fault, of_bid))
        for fault in played
        for of_bid in (False, True)
        if not (of_bid and fault is Fault.BUDGET_CHANGES)
    ]


def _no_secret(bench: Bench, error: ConnectorError) -> None:
    """See that neither the error, its fields nor its traceback shows a secret."""
    told = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error)
    must(
        not any(secret in told for secret in bench.secrets),
        "a secret is in the error or its traceback",
    )
