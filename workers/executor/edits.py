"""Edits: what others have changed on platforms, taken up as soon as it is told.

An edit of a value that we set is what is expected there from now on, and policy leaves the value
alone for a day from when it was made. One that explains a drift says who it was. What our
own credentials have done is confirmation where it is ours, and an alarm where it is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from schemas.edit import Editor, PlatformEdit
from workers.delivery.api import Record, Step, View
from workers.executor.draft import Draft
from workers.executor.edit_histories import (
    Found,
    History,
    KnownEdit,
    history_of,
    is_rounded,
    keep_history,
)
from workers.executor.edited import Standing, standing_after, standing_now
from workers.executor.edited_entries import EDITED_BY, UNEXPLAINED, tell
from workers.executor.orders import HANDS_OFF, OpenOrder, Orders
from workers.executor.policy import ExecutorPolicy
from workers.executor.progress import keep, orders_of
from workers.executor.reading import carry_out_each
from workers.executor.rows import Campaign, pack, unpack
from workers.executor.slots import slot_named
from workers.executor.tables import ACTIONS, rule_of
from workers.instants import to_ms

_OURS: Final = EDITED_BY[Editor.US]
_NOT_KNOWN: Final = ""
"""Nobody can say whether it was ours: our orders of then are not known any more."""


def edits_step(policy: ExecutorPolicy, view: View, records: Sequence[Record]) -> Step:
    """Take up edits of one step, in order; one that is told again does nothing."""
    return carry_out_each(Draft(policy, view, ACTIONS), records, PlatformEdit, _take)


def _take(draft: Draft, edit: PlatformEdit, record: Record) -> None:
    slot = slot_of_edit(edit)
    orders, history = orders_of(draft, edit.key), history_of(draft, edit.key, slot)
    named = draft.policy.platforms.mode_of(edit) is not None
    if not named or (not _is_held(orders, history, slot) and edit.by is not Editor.US):
        draft.count("ignored", record.topic, "not_set_by_us")
        return
    known = _known(edit, record)
    if history.is_repeat(known):
        draft.count("repeats", record.topic)
        return
    _Taking(draft, edit, known, (slot, orders, history), record.timestamp).take()


def _is_held(orders: Orders, history: History, slot: str) -> bool:
    """Return whether we have set a value, or may have: also where nobody told what it is now."""
    return slot in orders.set_last or bool(history.made)


def slot_of_edit(edit: PlatformEdit) -> str:
    """Return what names the value, as `workers.executor.orders.Part.slot` does."""
    return slot_named(edit.entity, edit.entity_id, edit.field, edit.part)


def _known(edit: PlatformEdit, record: Record) -> KnownEdit:
    # What was told has happened, whatever the platform's clock says.
    at = min(to_ms(edit.at), record.timestamp)
    name = bytes.fromhex(edit.edit_id)
    return KnownEdit(name, at, edit.by, edit.actor, edit.client, edit.before, edit.after)


class _Taking:
    """One edit on its way into the tables."""

    def __init__(
        self,
        draft: Draft,
        edit: PlatformEdit,
        known: KnownEdit,
        held: tuple[str, Orders, History],
        now: int,
    ) -> None:
        self._draft, self._edit, self._known, self._now = draft, edit, known, now
        self._slot, self._orders, self._history = held

    def take(self) -> None:
        why = self._why()
        drift = self._drift()
        if drift is not None:
            self._explain(drift, why)
        elif why not in (_OURS, _NOT_KNOWN):
            self._take_over(why)
        if why not in (_OURS, _NOT_KNOWN):
            self._history = self._history.with_edit(self._known)
        keep_history(self._draft, self._edit.key, self._slot, self._history)

    # ------------------------------------------------------------ whose it is

    def _why(self) -> str:
        """Return why the value is another one."""
        by = self._edit.by
        # Without the options that name our app, a platform tells our changes as another's.
        if self._is_ours() and (by is Editor.US or self._known.after is not None):
            return _OURS
        if by is not Editor.US:
            return EDITED_BY[by]
        since = max(self._history.forgotten, self._orders.since)
        return UNEXPLAINED if self._orders.since and self._known.at > since else _NOT_KNOWN

    def _is_ours(self) -> bool:
        tolerance, known = self._draft.policy.clock_tolerance_ms, self._known
        if any(made.made(known.at, known.after, tolerance) for made in self._history.made):
            return True
        opened = self._orders.under_way
        return opened is not None and self._may_have_made(opened, tolerance)

    def _may_have_made(self, opened: OpenOrder, tolerance: int) -> bool:
        """Return whether it may be what is being set now."""
        if self._known.at < opened.begun - tolerance:
            return False
        parts = (part for part in opened.parts if part.slot == self._slot)
        return any(is_rounded(part.target, self._known.after) for part in parts)

    # ------------------------------------------------------------ what it changes

    def _drift(self) -> Found | None:
        tolerance = self._draft.policy.clock_tolerance_ms
        drifts = self._history.drifts
        return next((one for one in drifts if one.is_by(self._known, tolerance)), None)

    def _explain(self, drift: Found, why: str) -> None:
        """Say who has set what was found; hands are off it already, and it is expected."""
        if why == _NOT_KNOWN:
            return
        others = tuple(one for one in self._history.drifts if one != drift)
        self._history = replace(self._history, drifts=others)
        detail = f"found by action {drift.action_id.hex()}, which has left it alone"
        tell(self._draft, self._edit, self._known, (why, detail, self._now_standing()), self._now)

    def _take_over(self, why: str) -> None:
        """Expect what it has set from now on, and keep policy from it, if it is the latest word."""
        expected = self._orders.set_last.get(self._slot)
        held = _is_held(self._orders, self._history, self._slot)
        if held and self._is_newer(expected):
            rule = rule_of(self._draft.view, self._edit.key)
            stands = standing_after(self._campaign(), rule, self._edit, expected)
            self._expect(stands)
        elif why == UNEXPLAINED and not self._history.is_restated(self._known):
            stands = self._now_standing()
        else:
            return
        tell(self._draft, self._edit, self._known, (why, "", stands), self._now)

    def _is_newer(self, expected: Decimal | None) -> bool:
        at, known_at = self._known.at, self._history.known_at
        follows = self._known.before is not None and self._known.before == expected
        return at > known_at or (at == known_at and follows)

    def _expect(self, stands: Standing) -> None:
        last = {slot: value for slot, value in self._orders.set_last.items() if slot != self._slot}
        if self._known.after is not None:
            last[self._slot] = self._known.after
        until = self._known.at + HANDS_OFF
        hands_off = self._orders.hands_off
        until = max(until, hands_off.get(self._slot, 0))
        orders = replace(
            self._orders,
            set_last=last,
            hands_off={**hands_off, self._slot: until},
            edited=self._orders.with_edited(self._slot),
        )
        keep(self._draft, self._edit.key, orders)
        self._history = replace(self._history, known_at=self._known.at)
        if stands.campaign is not None:
            self._draft.writes[self._edit.key] = pack(stands.campaign)

    def _now_standing(self) -> Standing:
        rule = rule_of(self._draft.view, self._edit.key)
        found = self._orders.set_last.get(self._slot, self._edit.after)
        return standing_now(self._campaign(), rule, self._edit, found)

    def _campaign(self) -> Campaign:
        return unpack(self._draft.read(self._edit.key), Campaign) or Campaign()
