"""Laws of faults: each ends in the class of error that fits, and in force is what that says."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    Conflict,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.kit import Bench, Law, Seen, must
from workers.connectors.protocol import Change, Ref, State
from workers.sandbox.faults import Call, Fault, Planned

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
    Fault.NO_PERMISSION: (AuthFailed,),
    Fault.VERSION_SUNSET: (AuthFailed, Rejected),
    Fault.SLOW: (Ambiguous,),
}
"""By which errors a change may end that a fault strikes."""

MAY_SUCCEED: Final = frozenset({Fault.SLOW, Fault.TOKEN_EXPIRED})
"""Faults that a connector may get over: it waits, or asks for a new token before it sends."""
OF_TOKENS: Final = (Fault.HTML_502, Fault.TOKEN_REVOKED)
"""Faults of the endpoint that gives access tokens."""
DONE: Final = frozenset({Fault.APPLIED_THEN_HANG, Fault.APPLIED_THEN_RESET})


@dataclass(frozen=True, slots=True)
class FaultLaw:
    """What a change of one kind comes to when a fault strikes it."""

    fault: Fault
    of_bid: bool

    async def __call__(self, bench: Bench) -> Seen | None:
        """See to the error's class, its time, its texts, and what is in force."""
        ref = bench.bid if self.of_bid else bench.budget
        if ref is None:
            return None
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
        return _seen(bench, ref, raised, before)

    async def _struck(self, bench: Bench, ref: Ref) -> ConnectorError | None:
        state = await bench.state(ref)
        planned = Planned(fault=self.fault, ref=ref, value=bench.values[1])
        bench.platform.faults.plan(planned)
        return await attempted(bench, bench.change(ref, bench.values[0], state.currency), state)

    def _in_force(
        self, bench: Bench, ref: Ref, raised: ConnectorError | None, before: Decimal | None
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


@dataclass(frozen=True, slots=True)
class TokenLaw:
    """What a change comes to whose access token has expired, and for which a new one is wanted."""

    fault: Fault | None
    """Of the endpoint that gives tokens."""

    async def __call__(self, bench: Bench) -> Seen | None:
        """See that nothing is ambiguous: what a token was refused for was not made."""
        if not bench.tokens:
            return None
        before = (await bench.state(bench.budget)).value
        bench.platform.faults.plan(Planned(fault=Fault.TOKEN_EXPIRED))
        if self.fault is not None:
            bench.platform.faults.plan(Planned(fault=self.fault, call=Call.TOKEN))
        first = await self._again(bench)
        seen = _seen(bench, bench.budget, first, before)
        last = first
        for _ in range(2):
            last = await self._again(bench) if last else last
        revoked = self.fault is Fault.TOKEN_REVOKED
        must(isinstance(last, AuthFailed) if revoked else last is None, f"it ended in {last!r}")
        must(len(bench.platform.effects) == int(not revoked), f"{bench.platform.effects} were made")
        return seen if self.fault else None  # else it is the fault of changes, seen by its own law

    async def _again(self, bench: Bench) -> ConnectorError | None:
        """Try the change once; raise where its error says other than that it was not made."""
        fitting = AuthFailed if self.fault is Fault.TOKEN_REVOKED else Throttled
        try:
            state = await bench.state(bench.budget)
        except fitting as error:
            return error
        change = bench.change(bench.budget, bench.values[0], state.currency)
        raised = await attempted(bench, change, state)
        must(raised is None or isinstance(raised, fitting), f"it ended in {raised!r}")
        return raised


async def attempted(bench: Bench, change: Change, state: State) -> ConnectorError | None:
    """Return how an apply ends that planned faults are to strike, in its time and discreetly."""
    raised = None
    try:
        async with asyncio.timeout(bench.seconds):
            await bench.connector.apply(change, state)
    except ConnectorError as error:
        _no_secret(bench, error)
        raised = error
    except TimeoutError:
        raise AssertionError(f"apply took longer than {bench.seconds} s") from None
    must(not len(bench.platform.faults), f"the fault did not strike: {raised!r}")
    return raised


def _seen(bench: Bench, ref: Ref, raised: ConnectorError | None, before: Decimal | None) -> Seen:
    told = {before: "as before", bench.values[0]: "made", bench.values[1]: "a person's"}
    value = bench.platform.value(ref)
    return Seen(raised=type(raised).__name__ if raised else "", then=told.get(value, str(value)))


def of_faults(faults: Collection[Fault]) -> list[Law]:
    """Return a law for each fault of changes, of budgets and of bids, and those of new tokens."""
    played = [fault for fault in Fault if fault in faults and fault in EXPECTED]
    asked = {"renewed": None} | {f"{fault}_at_its_renewal": fault for fault in OF_TOKENS}
    renewing = [
        Law(f"{Fault.TOKEN_EXPIRED}_and_{what}-budget", TokenLaw(fault))
        for what, fault in asked.items()
        if Fault.TOKEN_EXPIRED in faults
    ]
    struck = [
        Law(f"{fault}-{'bid' if of_bid else 'budget'}", FaultLaw(fault, of_bid))
        for fault in played
        for of_bid in (False, True)
        if not (of_bid and fault is Fault.BUDGET_CHANGES)
    ]
    return struck + renewing


def _no_secret(bench: Bench, error: ConnectorError) -> None:
    """See that neither the error, its fields nor its traceback shows a secret."""
    told = "".join(traceback.format_exception(error)) + repr(vars(error)) + repr(error)
    must(
        not any(secret in told for secret in bench.secrets),
        "a secret is in the error or its traceback",
    )
