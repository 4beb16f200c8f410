"""Bids in an emergency: cut as soon as an hour tells of it, with the way back in the same record.

A campaign has one emergency at a time. What is advised names all that it follows from, so the same
records lead to the same bytes; its end does not depend on this worker: whoever carries the cut out
has its steps back.
"""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from engine.arrays import Ints
from engine.calendar import HOUR
from engine.events import touched
from engine.usual_hours import Changes
from schemas import HoldReason, Plan, Recommendation, Status, digest
from schemas.topics import ACTIONS, AUDIT, CONDITIONS, METRICS, RECOMMENDATIONS
from workers.adviser.books import Books
from workers.adviser.draft import Draft
from workers.adviser.emergency_advice import DURATION, Found, Occasion, advice, entities
from workers.adviser.emergency_hours import Case, Moment, beyond_usual, case_of, spent_by_ad_set
from workers.adviser.planning import terms_of_plan
from workers.adviser.policy import AdviserPolicy
from workers.adviser.pulse import Pulse, packed, pulse_key, pulse_of
from workers.allocator.releasing import ACTION_ID, ADVICE_ID, released, written
from workers.optimizer.plan_calendar import first_second, last_second

FRESH: Final = 3 * HOUR
"""Seconds after the end of an hour in which it is news."""

_NO_WINDOWS: Final = np.zeros((0, 2), dtype=np.int64)
_ACTOR: Final = "pacekeeper:adviser"


class Watch:
    """Watches the hours of one step: those of many campaigns are judged at once."""

    def __init__(self, draft: Draft, books: Books) -> None:
        """Begin with no hour."""
        self._draft, self._books = draft, books
        self._cases: dict[bytes, Case] = {}

    def hear(self, moment: Moment, offset: int) -> None:
        """Note the newest hour of a campaign, if an emergency may begin with it."""
        pulse = pulse_of(self._draft.read(pulse_key(moment.campaign)))
        case = case_of(self._draft, moment, pulse, offset) if _may_be(moment, pulse) else None
        if case is not None:
            self._cases[moment.campaign] = case

    def before(self, campaign: bytes) -> None:
        """Judge what was noted before a campaign that is among it is heard of again."""
        if campaign in self._cases:
            self.judge()

    def judge(self) -> None:
        """Advise a cut where the newest hour makes an emergency sure, and note it."""
        cases = list(self._cases.values())
        self._cases.clear()
        if not cases:
            return
        windows = [
            excluded_windows(self._draft, self._books, each.moment.campaign, each.moment.plan)
            for each in cases
        ]
        beyond = beyond_usual(self._books.zones, cases, windows)
        for row in np.flatnonzero(beyond.sure).tolist():
            sure = _sure(beyond, row, cases[row])
            if sure is not None:
                self._answer(cases[row], sure, windows[row])

    def _answer(self, case: Case, sure: Found, windows: Ints) -> None:
        draft, moment = self._draft, case.moment
        hold = _hold(draft, self._books, moment, windows)
        if hold is not None:
            draft.count("holds", hold.value)
            return
        cuts = _cuts(draft, case, sure)
        for each in cuts:
            _publish(draft, each)
        if cuts:
            until = moment.now + int(DURATION.total_seconds())
            after = msgspec.structs.replace(case.pulse, began=moment.now, until=until)
            draft.writes[pulse_key(moment.campaign)] = packed(after)


def excluded_windows(draft: Draft, books: Books, campaign: bytes, plan: Plan | None) -> Ints:
    """Return the windows (W, 2), in seconds, that people, the plan and outages exclude."""
    told = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    if not told and (plan is None or not plan.calendar):
        return _NO_WINDOWS
    (stored,) = books.conditions.windows(told, [campaign])
    own = [
        (first_second(event.start), last_second(event.end))
        for event in (plan.calendar if plan else ())
        if event.exclude_from_learning
    ]
    planned = np.array(own, dtype=np.int64).reshape(-1, 2)
    return np.concatenate([np.frombuffer(stored, dtype=np.int64).reshape(-1, 2), planned])


def _may_be(moment: Moment, pulse: Pulse) -> bool:
    """Return whether an emergency of the campaign may begin now."""
    terms = terms_of_plan(moment.plan)
    return (
        pulse.habit is not None
        and moment.plan.status is Status.ACTIVE
        and not terms.platform_bids
        # There the hourly multiplier answers, and has learned what the bid of now brings.
        and not terms.paced
        and moment.start >= pulse.until
        and moment.now < moment.start + HOUR + FRESH
    )


def _sure(beyond: Changes, row: int, case: Case) -> Found | None:
    """Return the change that is sure, if any is: what costs more goes before that more is spent.

    That conversions stay away altogether says as much of reports as of clicks: what is made of it
    is for those who watch the tracking.
    """
    told = [("click_cost_rose", beyond.cost)]
    window = int(beyond.conversions.hours[row])
    if window > 0 and sum(case.conversions[-window:]) > 0:
        told.append(("conversions_fell", beyond.conversions))
    told.append(("spend_rose", beyond.spend))
    sure = [Found(code=code, change=each.of(row)) for code, each in told if each.sure[row]]
    return sure[0] if sure else None


def _hold(draft: Draft, books: Books, moment: Moment, windows: Ints) -> HoldReason | None:
    told = draft.view.broadcast(draft.policy.topic(CONDITIONS))
    holding, _ = books.conditions.conditions(told, [moment.campaign], np.array([moment.now]))
    if holding.frozen[0]:
        return HoldReason.FROZEN
    if holding.outage[0]:
        return HoldReason.SUSPECTED_OUTAGE
    hours = np.array([moment.start, moment.now])
    return HoldReason.EXCLUDED_HOUR if touched(windows, hours).any() else None


def _cuts(draft: Draft, case: Case, sure: Found) -> list[Recommendation]:
    policy, moment = draft.policy, case.moment
    terms = terms_of_plan(moment.plan)
    occasion = Occasion(
        moment=moment,
        terms=terms,
        found=sure,
        model_version=policy.model_version,
        inputs=_inputs(policy, case),
        state_digest=digest(packed(case.pulse)),
    )
    spent = spent_by_ad_set(draft, moment)
    made = [advice(occasion, each) for each in entities(moment, terms, spent)]
    return [each for each in made if each is not None]


def _inputs(policy: AdviserPolicy, case: Case) -> dict[str, int]:
    told = case.moment.in_force.offset
    audit = {policy.topic(AUDIT): told} if told >= 0 else {}
    return {**audit, policy.topic(METRICS): case.offset}


def _publish(draft: Draft, cut: Recommendation) -> None:
    at = int(cut.decided_at.timestamp())
    draft.publish(RECOMMENDATIONS, cut.key, written(cut, ADVICE_ID), at)
    draft.count("decisions", cut.kind.value)
    if cut.auto_execute:
        draft.publish(ACTIONS, cut.key, written(released(cut, _ACTOR), ACTION_ID), at)
        draft.count("actions", "policy")
