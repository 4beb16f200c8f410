"""How far an order has come, and what that makes of what is read."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from workers.connectors.errors import AuthFailed, ConnectorError, Rejected
from workers.connectors.protocol import Lever, State
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result


@dataclass(slots=True)
class Course:
    """What is known of one order while it is carried out; of this worker's memory only."""

    order: Order
    started: float
    lands_until: float | None = None
    """Until when a call whose answer nobody has may take effect; None if there is none."""
    may_have_sent: bool = False
    """Whether any call may have taken effect unseen, ours or that of an earlier owner."""
    was_read: bool = False
    before: Decimal | None = None
    attempts: int = 0
    tries: int = 0
    sent: str = ""
    request_id: str = ""
    code: str = ""

    def note(self, error: ConnectorError) -> None:
        """Keep by what the platform's support finds a failed call."""
        self.code, self.request_id = error.code, error.request_id or self.request_id

    def judge(self, state: State | None, now: float) -> Outcome | None:
        """Return how the order ends by what was read; None if the change is still to be made."""
        ref, wanted = self.order.change.ref, self.order.change.target
        if state is None:
            text = f"account {ref.account_id} has no {ref.lever} of {ref.entity} {ref.entity_id}"
            return self.ended(Result.REJECTED, now, "unknown_entity", f"{text}; correct the plan")
        if state.currency != self.order.change.currency:
            text = f"the account is in {state.currency}, decided in {self.order.change.currency}"
            return self.ended(
                Result.REJECTED, now, "currency_mismatch", f"{text}; correct the plan"
            )
        if state.value == wanted:
            return self._there(now)
        expected = self.order.expected if self.order.expected is not None else self.before
        if (self.was_read or self.order.expected is not None) and state.value != expected:
            text = (
                f"expected {expected}, found {state.value}; somebody else has set it: decide anew"
            )
            changed = self.may_have_sent
            return self._ended(
                Result.DRIFT, now, "not_as_expected", text, after=state.value, changed=changed
            )
        self.was_read, self.before = True, state.value
        # What could not be found by now was not made.
        self.may_have_sent, self.lands_until = False, None
        return None

    def forbidden(self, state: State | None, now: float) -> Outcome | None:
        """Return which of the plan's bounds the change would break, by what was read."""
        order, target, found = self.order, self.order.change.target, state.value if state else None
        raised = target + (state.base or 0) if state else target
        if order.highest is not None and raised > order.highest:
            text = f"{raised} is above {order.highest}, the most that the plan allows; correct it"
            return self.ended(Result.REJECTED, now, "above_highest", text)
        pauses = order.change.ref.lever is Lever.STATUS and target == 0
        if state is not None and state.learning and not (order.by_person or pauses):
            text = "the platform is learning the entity anew; approve the change to make it still"
            return self.ended(Result.REJECTED, now, "learning", text)
        if order.max_change_pct is None or found is None or found == 0:
            return None
        moved = abs(target - found) / found * 100
        if moved > Decimal(str(order.max_change_pct)):
            text = (
                f"from {found} to {target} is {moved:.1f} %, more than {order.max_change_pct:g} %"
            )
            text += ", the largest change that the plan allows; a person may make it"
            return self.ended(Result.REJECTED, now, "change_too_large", text)
        return None

    def shadowed(self, now: float) -> Outcome | None:
        """Return what would have been sent, where nothing is to be."""
        if not self.order.shadow:
            return None
        text = f"would set {self.order.change.target}, found {self.before}; nothing was sent"
        return self.ended(Result.SHADOW, now, "shadow", text)

    def _there(self, now: float) -> Outcome:
        wanted = self.order.change.target
        if self.may_have_sent:
            text = "found in force after a call whose answer was lost"
            return self._ended(
                Result.CONFIRMED, now, "found_in_force", text, after=wanted, changed=True
            )
        self.before = wanted
        return self._ended(Result.NO_OP, now, "already_in_force", "nothing to do", after=wanted)

    def applied(self, now: float) -> Outcome:
        """Return that the change was made and read."""
        after = self.order.change.target
        return self._ended(Result.APPLIED, now, "applied", "", after=after, changed=True)

    def unverified(self, now: float, why: str) -> Outcome:
        """Return that nobody knows whether the value is in force."""
        text = f"{why}; look at the platform: {self.order.change.target} may be in force"
        return self._ended(Result.UNVERIFIED, now, "not_read_back", text, changed=True)

    def failed(self, now: float, reason: str, error: ConnectorError) -> Outcome:
        """Return that it is given up for an error, by what is known of earlier calls."""
        self.note(error)
        if self.may_have_sent:
            return self.unverified(now, error.detail)
        results = {AuthFailed: Result.AUTH_FAILED, Rejected: Result.REJECTED}
        result = results.get(type(error), Result.FAILED)
        return self.ended(result, now, reason, error.detail)

    def ended(self, result: Result, now: float, reason: str, text: str) -> Outcome:
        """Return an end without an effect: what was read last is still in force."""
        return self._ended(result, now, reason, text, after=self.before)

    def _ended(  # noqa: PLR0913 -- the fields of an outcome that differ
        self,
        result: Result,
        now: float,
        reason: str,
        text: str,
        *,
        after: Decimal | None = None,
        changed: bool = False,
    ) -> Outcome:
        return Outcome(
            action_id=self.order.action_id,
            result=result,
            at=now,
            reason=reason,
            text=text,
            before=self.before,
            sent=self.sent,
            after=after,
            attempts=self.attempts,
            may_have_changed=changed,
            platform_code=self.code,
            request_id=self.request_id,
        )
