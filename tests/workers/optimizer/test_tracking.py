"""While conversions are not counted nothing is cut for want of them, and nothing learned of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

import pytest

from engine import patterns
from schemas import (
    Condition,
    ConditionKind,
    HoldReason,
    Kind,
    MetricsEvent,
    Recommendation,
    Scope,
    Suspicion,
    decode,
    encode,
)
from schemas.topics import CONDITIONS, SUSPICIONS
from tests.workers.optimizer.test_adaptive import FREE
from tests.workers.optimizer.test_decisions import entry, say
from tests.workers.optimizer.world import World, a_plan, an_event, hour
from tests.workers.stored import Stored
from workers.allocator.outages import suspicions_step
from workers.allocator.policy import AllocatorPolicy
from workers.delivery.api import View
from workers.optimizer.tables import pattern_key

BEFORE, LOST = 6 * 24, 24
KEY = b"google:7:42"


@dataclass
class Both:
    """An optimizer, and an allocator that hears it and is heard."""

    optimizer: World = field(default_factory=World)
    rows: dict[bytes, bytes] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    partition: int = 0
    partitions: int = 1
    heard: int = 0

    def table(self, _: str) -> dict[bytes, bytes]:
        return self.rows

    def broadcast(self, _: str) -> dict[bytes, bytes]:
        return {}

    def hear(self) -> None:
        """Let the allocator take what the optimizer has published, and tell what it makes of it."""
        name = self.optimizer.policy.topic(SUSPICIONS)
        told = [each for each in self.optimizer.outputs if each.topic == name]
        records = [
            Stored(name, at, each.timestamp or 0, key=each.key, value=each.value)
            for at, each in enumerate(told)
        ]
        view: View = self
        step = suspicions_step(AllocatorPolicy(), view, records[self.heard :])
        self.heard = len(records)
        self.rows.update({key: value for key, value in step.writes.items() if value})
        assert not step.dead_letters
        for output in step.outputs:
            self.tell(decode(output.value or b"", Condition))

    def tell(self, condition: Condition) -> None:
        """Let the optimizer know of a condition."""
        name = self.optimizer.policy.topic(CONDITIONS)
        self.optimizer.broadcasts.setdefault(name, {})[condition.key] = encode(condition)
        self.conditions.append(condition)

    def live(self, first: int, end: int, sold: int) -> list[Recommendation]:
        """Live some hours one by one, and do what is recommended; return the advice."""
        before = len(self.optimizer.advice)
        for number in range(first, end):
            self.optimizer.metrics(an_hour(number, sold))
            self.hear()
            last = self.optimizer.advice[-1]
            if last.kind is not Kind.HOLD and last.recommended_value is not None:
                value = str(last.recommended_value)
                done = entry(value, number + 1.1, field="bid_multiplier", hourly_cap=Decimal(50))
                say(self.optimizer, done)
        return self.optimizer.advice[before:]


def an_hour(number: int, sold: int) -> MetricsEvent:
    """Return an hour of 10 euros and 100 clicks, told when all is in."""
    return an_event(
        number, clicks=100, spend=Decimal(10), conversions=Decimal(sold), revenue=Decimal(20 * sold)
    )


def lived(both: Both | None = None, target: int = 4) -> Both:
    """Return a campaign of six days whose conversions cost 2.50 euros; they may cost ``target``."""
    both = both or Both()
    both.optimizer.plan(a_plan(strategy="adaptive", guardrails=FREE, target_cpa=Decimal(target)))
    both.optimizer.metrics(*(an_hour(number, 4) for number in range(BEFORE)))
    both.hear()
    return both


@pytest.fixture(scope="module")
def struck() -> tuple[Both, list[Recommendation]]:
    """Return the campaign after a day on which nothing was counted, and the advice of that day."""
    both = lived()
    return both, both.live(BEFORE, BEFORE + LOST, 0)


def test_a_day_without_conversions_is_told_as_an_outage_of_the_campaign(
    struck: tuple[Both, list[Recommendation]],
) -> None:
    (outage,) = struck[0].conditions

    assert outage.key == KEY + b"#outage"
    assert (outage.active, outage.since, outage.until) == (True, hour(BEFORE), None)
    assert outage.why.startswith("1")


def test_a_day_without_conversions_causes_no_cut(
    struck: tuple[Both, list[Recommendation]],
) -> None:
    usual = lived().live(BEFORE, BEFORE + LOST, 4)
    held = [each for each in struck[1] if each.hold_reason is HoldReason.SUSPECTED_OUTAGE]

    assert len(held) >= LOST / 2
    for mine, theirs in zip(struck[1], usual, strict=True):
        if mine.recommended_value is not None and theirs.recommended_value is not None:
            assert mine.recommended_value >= theirs.recommended_value


def test_the_first_hours_without_conversions_are_not_held_against_a_target_that_binds() -> None:
    lost, usual = (lived(target=2).live(BEFORE, BEFORE + 5, sold) for sold in (0, 4))

    assert "target_binds" in {reason.code for reason in usual[0].reasons}
    for mine, theirs in zip(lost, usual, strict=True):
        assert mine.recommended_value is not None
        assert theirs.recommended_value is not None
        assert mine.recommended_value >= Decimal("0.99") * theirs.recommended_value


def test_hours_that_are_told_after_all_lift_the_outage_and_are_learned() -> None:
    both = lived()
    both.live(BEFORE, BEFORE + LOST, 0)
    both.optimizer.metrics(*(an_hour(number, 4) for number in range(BEFORE, BEFORE + LOST)))
    both.live(BEFORE + LOST, BEFORE + LOST + 25, 4)
    straight = lived()
    straight.live(BEFORE, BEFORE + LOST + 25, 4)

    assert [each.active for each in both.conditions] == [True, False]
    weeks = [each.optimizer.tables["metrics"][pattern_key(KEY)] for each in (both, straight)]
    assert weeks[0] == weeks[1]


def test_when_conversions_return_it_is_over_and_its_hours_stay_unlearned() -> None:
    both = lived()
    both.live(BEFORE, BEFORE + LOST, 0)
    advice = both.live(BEFORE + LOST, BEFORE + LOST + 25, 4)

    last = both.conditions[-1]
    assert (last.active, last.since, last.until) == (True, hour(BEFORE), hour(BEFORE + LOST))
    assert advice[-1].kind is not Kind.HOLD
    (week,) = patterns.unpack([both.optimizer.tables["metrics"][pattern_key(KEY)]])
    assert (week["hours"].sum(), week["conversions"].sum()) == (BEFORE + 24, (BEFORE + 24) * 4e6)


def test_that_nothing_is_wrong_is_told_once_a_day() -> None:
    both = lived()
    both.live(BEFORE, BEFORE + 30, 4)
    told = _said(both)

    assert {each.evidence < 2.0 for each in told} == {True}
    gaps = [later.told_at - sooner.told_at for sooner, later in pairwise(told)]
    assert len(told) == 7 + 1
    assert {gap.total_seconds() for gap in gaps} == {86_400.0}


def test_an_outage_that_goes_on_is_told_with_its_own_beginning_beside_a_likelier_one() -> None:
    both = lived()
    both.live(BEFORE, BEFORE + LOST, 0)
    both.live(BEFORE + LOST, BEFORE + LOST + 12, 4)
    both.live(BEFORE + LOST + 12, BEFORE + LOST + 16, 0)
    (*_, back), last = _said(both)[:-1], _said(both)[-1]

    assert (last.since, last.since_now) == (hour(BEFORE), hour(BEFORE + LOST + 12))
    assert last.evidence > last.evidence_now >= 2.0
    assert {said.since_now for said in _said(both) if said.evidence_now < 2.0} == {None}
    assert back.told_at < last.told_at


def _said(both: Both) -> list[Suspicion]:
    name = both.optimizer.policy.topic(SUSPICIONS)
    return [decode(e.value or b"", Suspicion) for e in both.optimizer.outputs if e.topic == name]


def test_a_person_who_knows_better_ends_the_outage_and_its_hours_are_learned() -> None:
    both = lived()
    both.live(BEFORE, BEFORE + 12, 0)
    said = Condition(
        kind=ConditionKind.REJECTED_OUTAGE,
        scope=Scope.CAMPAIGN,
        platform="google",
        account_id="7",
        campaign_id="42",
        version=1,
        active=True,
        since=hour(BEFORE + 12),
        by="maria",
    )
    both.tell(said)
    advice = both.live(BEFORE + 12, BEFORE + 26, 0)

    assert {each.hold_reason for each in advice} == {None}
    whole = patterns.unpack([both.optimizer.tables["metrics"][pattern_key(KEY)]])
    assert whole["hours"].sum() == BEFORE + 24
