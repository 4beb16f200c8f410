"""The loop: read, compare, make the change by one call, and read what came of it.

Writes are never repeated blindly. A call without an answer may still take effect for a while;
until that is over nothing is concluded, and then reading says whether it was made. So at most one
call of an order is ever under way, and an order of the same entity that comes later cannot be
overtaken by it. Only reading is repeated freely. Cancelled anywhere, the order is simply still
open: whoever takes it up knows nothing, waits in the same way, and reads.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from random import Random
from typing import TypeVar

from schemas.errors import SchemaError
from schemas.money import check_amount
from workers.connectors.errors import (
    Ambiguous,
    AuthFailed,
    ConnectorError,
    Rejected,
    Throttled,
)
from workers.connectors.protocol import Receipt, State
from workers.executor.live.course import Course
from workers.executor.live.last_moment import applied
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result
from workers.executor.live.policy import Patience
from workers.executor.live.ports import Gate, NotOwner, Platform, Ports

_Answer = TypeVar("_Answer")


async def carry_out(
    ports: Ports,
    gate: Gate,
    patience: Patience,
    order: Order,
    *,
    taken_up_at: float | None = None,
) -> Outcome:
    """Carry one order out and return how it ended.

    ``taken_up_at`` is when it was taken up from an earlier owner, who may have called the platform;
    None if nobody can have.

    Raises
    ------
    NotOwner
        When another worker owns the order; it is still open.
    """
    return await _CarryOut(ports, gate, patience, order, taken_up_at).run()


class _CarryOut:
    def __init__(
        self, ports: Ports, gate: Gate, patience: Patience, order: Order, taken_up_at: float | None
    ) -> None:
        self._ports, self._gate, self._patience, self._order = ports, gate, patience, order
        self._platform: Platform
        self._chance: Random = ports.chance(order)
        self._course = Course(order, ports.clock.now())
        self._fitted = False
        if taken_up_at is not None:
            self._course.may_have_sent = True
            self._course.lands_until = taken_up_at + patience.late_by

    async def run(self) -> Outcome:
        while True:
            try:
                outcome = await self._once()
            except AuthFailed as error:
                return self._course.failed(self._now(), "auth_failed", error)
            except Rejected as error:
                # Nothing was made of this call; earlier ones were read before it was made.
                return self._course.failed(self._now(), "rejected", error)
            if outcome is not None:
                return outcome

    async def _once(self) -> Outcome | None:
        course = self._course
        if course.lands_until is not None:
            await self._sleep(course.lands_until - self._now())
        elif stop := self._stop():
            return stop
        state = await self._read()
        if isinstance(state, Outcome):
            return state
        ended = course.judge(state, self._now()) or self._stop() or self._spent()
        if ended := ended or self._course.forbidden(state, self._now()):
            return ended
        assert state is not None  # noqa: S101 -- an unknown entity has ended it
        return await self._change(state)

    async def _read(self) -> State | Outcome | None:
        """Return what is in force, however often it takes to be told."""
        tries = 0
        while True:
            tries += 1
            try:
                return await self._state()
            except (AuthFailed, Rejected):
                raise
            except ConnectorError as error:
                wait = self._wait(tries, error)
                late = self._now() + wait > self._course.started + self._patience.deadline
                if late and tries >= self._patience.attempts:
                    return self._course.failed(self._now(), "not_read", error)
                await self._sleep(min(wait, self._patience.longest_wait) if late else wait)

    async def _state(self) -> State | None:
        await self._fit()
        ref = self._order.change.ref
        await self._turn()
        state = (await self._ask(self._platform.read_state([ref]), reads=True)).get(ref)
        if state is not None and state.value is not None:
            try:
                check_amount(state.value, ref.lever)
            except SchemaError as error:
                raise Ambiguous(f"what the platform told is no value: {error.detail}") from None
        return state

    async def _fit(self) -> None:
        """Make the target one that the platform can set, before anything is compared with it."""
        if not self._fitted:
            self._platform = self._ports.platform(self._order)
            change = await self._ask(self._platform.fit(self._order.change), reads=True)
            self._order = self._course.order = replace(self._order, change=change)
            self._fitted = True

    async def _change(self, state: State) -> Outcome | None:
        """Make one attempt; None if it was not made, or nobody knows."""
        course, change = self._course, self._order.change
        course.tries += 1
        try:
            await self._turn()
            await self._ask(self._platform.validate(change, state), reads=True)
            await self._turn()
            if stop := self._stop() or course.shadowed(self._now()):
                return stop
            course.attempts += 1
            receipt = await self._send(state)
        except (AuthFailed, Rejected):
            raise
        except ConnectorError as error:
            return await self._put_off(error)
        course.sent, course.request_id = receipt.sent, receipt.request_id
        return await self._verify()

    async def _send(self, state: State) -> Receipt:
        try:
            return await self._ask(applied(self._ports, self._platform, self._order, state))
        except Ambiguous:
            self._course.may_have_sent = True
            self._course.lands_until = self._now() + self._patience.late_by
            raise

    async def _put_off(self, error: ConnectorError) -> Outcome | None:
        """Wait before the next reading, unless that takes too long."""
        self._course.note(error)
        wait = self._wait(self._course.tries, error)
        last = self._now() + wait > self._course.started + self._patience.deadline
        last = last or self._course.tries >= self._patience.attempts
        if last and not self._course.may_have_sent:
            reason = "throttled" if isinstance(error, Throttled) else "gave_up"
            return self._course.failed(self._now(), reason, error)
        # What may have been made is read in any case, however late.
        await self._sleep(min(wait, self._patience.longest_wait) if last else wait)
        return None

    async def _verify(self) -> Outcome:
        """Read until the value is found; another one may be older, or that of somebody else."""
        why, wait = "it was never read back", 0.0
        self._course.may_have_sent = True
        for _ in range(self._patience.verify_reads):
            await self._sleep(wait)
            wait = self._patience.verify_every
            try:
                state = await self._state()
            except ConnectorError as error:
                why = error.detail
                if isinstance(error, Throttled) and error.retry_after is not None:
                    wait = max(wait, min(error.retry_after, self._patience.longest_wait))
                continue
            found = state.value if state else None
            if found == self._order.change.target:
                return self._course.applied(self._now())
            why = f"the platform took it, and {found} was read last"
        return self._course.unverified(self._now(), why)

    def _stop(self) -> Outcome | None:
        """Return why nothing may be sent now, where nothing sent before may still take effect."""
        course, now = self._course, self._now()
        if now >= self._order.expires_at:
            text = "its time was over before it could be sent; wait for the next recommendation"
            return course.ended(Result.EXPIRED, now, "expired", text)
        if freeze := self._ports.freezes.freeze_on(self._order):
            return course.ended(Result.FROZEN, now, "frozen", freeze)
        if changed := self._ports.freezes.plan_changed(self._order):
            return course.ended(Result.FROZEN, now, "plan_changed", changed)
        return None

    def _spent(self) -> Outcome | None:
        """Return that it was tried often or long enough, where it was."""
        course, now = self._course, self._now()
        late = now > course.started + self._patience.deadline
        if late or course.tries >= self._patience.attempts:
            text = f"not made by {course.tries} tries; see the platform's status, then decide anew"
            return course.ended(Result.FAILED, now, "gave_up", text)
        return None

    async def _turn(self) -> None:
        await self._gate.turn(self._order)
        await self._ports.ownership.prove()
        # Without waiting between this and the call: who woke up must not call.
        if not self._ports.ownership.may_act(self._order):
            raise NotOwner(self._order.action_id)

    async def _ask(self, call: Awaitable[_Answer], *, reads: bool = False) -> _Answer:
        try:
            answer = await call
        except NotOwner:
            raise
        except ConnectorError as error:
            self._gate.heard(self._order, error)
            raise
        except Exception as error:  # noqa: BLE001 -- a connector at fault: what it did is unknown
            fault = Ambiguous(f"the connector failed by {type(error).__name__}; report it")
            self._gate.heard(self._order, fault)
            # Without the cause: its text may hold what no log may.
            raise fault from None
        heard = answer if isinstance(answer, Receipt) and not reads else None
        self._gate.heard(self._order, heard)
        return answer

    def _wait(self, tries: int, error: ConnectorError) -> float:
        if isinstance(error, Throttled) and error.retry_after is not None:
            return error.retry_after
        most = min(self._patience.longest_wait, self._patience.first_wait * 2 ** (tries - 1))
        return self._chance.uniform(0, most)

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._ports.clock.sleep(seconds)

    def _now(self) -> float:
        return self._ports.clock.now()
