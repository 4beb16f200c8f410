"""Suspicions of campaigns become outages, of one campaign or of all of an account."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from schemas import Condition, Scope, Suspicion, decode, encode
from tests.workers.allocator.test_pooling import Partition
from tests.workers.optimizer.world import hour
from tests.workers.stored import Stored
from workers.allocator.outages import suspicions_step
from workers.allocator.policy import AllocatorPolicy
from workers.delivery.api import Step

CONDITIONS = "pacekeeper.conditions.v1"


def a_suspicion(campaign: int, evidence: float, at: float = 100, **fields: Any) -> Suspicion:  # noqa: ANN401 -- fields of a record
    given: dict[str, Any] = {
        "platform": "google",
        "account_id": "7",
        "campaign_id": str(campaign),
        "evidence": evidence,
        "evidence_now": 0.0 if fields.get("until") else evidence,
        "since": hour(at - 3),
        "expected": 12.0,
        "counted": 0.0,
        "judged_from": hour(at - 336),
        "told_at": hour(at),
    }
    return Suspicion(**(given | fields))


def told(partition: Partition, *said: Suspicion) -> Step:
    """Let the agent take suspicions in one step, and commit it."""
    records = [
        Stored("suspicions", i, int(s.told_at.timestamp() * 1_000), key=s.key, value=encode(s))
        for i, s in enumerate(said)
    ]
    step = suspicions_step(AllocatorPolicy(), partition, records)
    for key, value in step.writes.items():
        assert value is not None
        partition.rows[key] = value
    return step


def outages(step: Step) -> list[Condition]:
    assert {output.topic for output in step.outputs} <= {CONDITIONS}
    assert {output.partition for output in step.outputs} <= {0}
    return [decode(output.value or b"", Condition) for output in step.outputs]


@pytest.fixture
def partition() -> Partition:
    return Partition(0, partitions=1)


def test_one_dead_campaign_among_those_that_sell_is_an_outage_of_that_campaign(
    partition: Partition,
) -> None:
    quiet = [a_suspicion(number, 0.3) for number in range(1, 10)]
    (outage,) = outages(told(partition, *quiet, a_suspicion(0, 15.0)))

    assert outage.key == b"google:7:0#outage"
    assert (outage.active, outage.since, outage.until) == (True, hour(97), None)


def test_where_all_campaigns_are_a_little_too_quiet_the_account_has_an_outage(
    partition: Partition,
) -> None:
    found = outages(told(partition, *(a_suspicion(number, 4.0) for number in range(10))))

    assert [(each.scope, each.active) for each in found] == [(Scope.ACCOUNT, True)]
    assert found[0].key == b"google:7#outage"


def test_an_accounts_outage_does_not_begin_where_campaigns_were_unlucky_long_ago(
    partition: Partition,
) -> None:
    said = [
        a_suspicion(number, 4.0, since=hour(100 - 200), since_now=hour(91)) for number in range(10)
    ]
    (outage,) = outages(told(partition, *said))

    assert outage.since == hour(91)


def test_an_accounts_outage_began_when_those_of_its_campaigns_did_in_the_mean(
    partition: Partition,
) -> None:
    began = [85, 90, 90, 94, 60, 97, 88, 91, 92, 87]
    quiet = [
        a_suspicion(number, 1.9, evidence_now=1.9, since=hour(10)) for number in range(100, 105)
    ]
    moved = [a_suspicion(number, 5.0, since_now=hour(at)) for number, at in enumerate(began)]
    (outage,) = outages(told(partition, *quiet, *moved))

    # A stretch of eight of ten is told of at once; the mean of all of them would be another one.
    first = next(n for n in range(2, 11) if _enough(5.0 * n + 1.9 * 5, n, n + 5))
    assert outage.since == hour(sum(began[:first]) // first)


def _enough(total: float, moved: int, members: int) -> bool:
    """Return whether Fisher's sum is an outage's, by the tail of chi-squared as Chernoff has it."""
    over = total / members
    bound = members * (over - 1.0 - math.log(over)) if over > 1.0 else 0.0
    return 2 * moved > members and bound >= math.log(168 / 0.001)


def test_bad_luck_of_days_ago_is_no_outage_of_the_account(partition: Partition) -> None:
    luck = [a_suspicion(number, 6.0, evidence_now=0.4) for number in range(10)]

    assert outages(told(partition, *luck)) == []


def test_an_accounts_outage_is_over_when_conversions_are_back_and_lifted_when_they_are_told(
    partition: Partition,
) -> None:
    told(partition, *(a_suspicion(number, 6.0) for number in range(10)))
    back = [
        a_suspicion(number, 6.0, at=110, since=hour(97), until=hour(108)) for number in range(10)
    ]
    (over,) = outages(told(partition, *back))
    (lifted,) = outages(
        told(partition, *(a_suspicion(number, 0.5, at=111) for number in range(10)))
    )

    assert (over.scope, over.active, over.until is None) == (Scope.ACCOUNT, True, False)
    assert (lifted.scope, lifted.active) == (Scope.ACCOUNT, False)


def test_campaigns_that_told_nothing_for_two_days_are_no_longer_asked(
    partition: Partition,
) -> None:
    told(partition, *(a_suspicion(number, 0.0, at=10) for number in range(100, 140)))
    found = outages(told(partition, *(a_suspicion(number, 4.0) for number in range(10))))

    assert [each.scope for each in found] == [Scope.ACCOUNT]


def test_most_of_an_account_must_have_moved(partition: Partition) -> None:
    told(partition, *(a_suspicion(number, 0.0) for number in range(100, 140)))

    assert outages(told(partition, *(a_suspicion(number, 11.0) for number in range(10)))) == []


def test_the_same_again_tells_nothing_and_changes_nothing(partition: Partition) -> None:
    said = [*(a_suspicion(number, 4.0) for number in range(9)), a_suspicion(9, 20.0)]
    told(partition, *said)
    rows = dict(partition.rows)

    assert outages(told(partition, *said)) == []
    assert partition.rows == rows


def test_steps_may_be_cut_in_any_way(partition: Partition) -> None:
    said = [a_suspicion(number, evidence) for number, evidence in enumerate([4.0, 15.0, 9.0, 0.0])]
    at_once = told(partition, *said)
    one_by_one = Partition(0, partitions=1)
    steps = [told(one_by_one, each) for each in said]

    assert [out for step in steps for out in step.outputs] == list(at_once.outputs)
    assert one_by_one.rows == partition.rows


def test_sums_of_an_account_do_not_depend_on_the_order_of_its_campaigns() -> None:
    said = [a_suspicion(number, evidence) for number, evidence in enumerate([4.7, 15.3, 9.1])]
    found = set()
    for order in permutations(said):
        some = Partition(0, partitions=1)
        told(some, *order, *(a_suspicion(int(s.campaign_id), 0.0, at=101) for s in order))
        told(some, *(a_suspicion(int(s.campaign_id), s.evidence, at=102) for s in said))
        found.add(some.rows[b"google:7"].split(b"{")[0])
    assert len(found) == 1


def test_when_conversions_are_back_the_outage_ends_where_they_came_back(
    partition: Partition,
) -> None:
    told(partition, a_suspicion(0, 20.0))
    back = a_suspicion(0, 22.0, at=110, since=hour(97), until=hour(108))
    (outage,) = outages(told(partition, back))

    assert (outage.active, outage.since, outage.until) == (True, hour(97), hour(108))
    assert outage.version == 2
    assert outages(told(partition, back)) == []


def test_when_the_hours_are_told_after_all_the_outage_is_lifted(partition: Partition) -> None:
    told(partition, a_suspicion(0, 20.0))
    (outage,) = outages(told(partition, a_suspicion(0, 0.4, at=110)))

    assert not outage.active
    assert outage.since == hour(97)


def test_a_quiet_night_of_days_ago_does_not_keep_up_an_outage_whose_hours_are_told(
    partition: Partition,
) -> None:
    told(partition, *(a_suspicion(number, 20.0) for number in range(4)))
    night = {"since": hour(40), "until": hour(44)}
    found = outages(
        told(partition, *(a_suspicion(number, 11.0, at=110, **night) for number in range(4)))
    )

    # The account's is over once one of them is back, and lifted with the last.
    assert {each.since for each in found} == {hour(97)}
    assert {each.key for each in found if not each.active} == {
        b"google:7#outage",
        *(f"google:7:{number}#outage".encode() for number in range(4)),
    }


def test_an_outage_that_is_no_longer_looked_at_stays_unlearned(partition: Partition) -> None:
    told(partition, a_suspicion(0, 20.0))
    told(partition, a_suspicion(0, 22.0, at=110, since=hour(97), until=hour(108)))
    later = told(partition, a_suspicion(0, 0.0, at=500))

    assert outages(later) == []


def test_an_outage_that_goes_on_began_when_it_was_first_said_to(partition: Partition) -> None:
    told(partition, a_suspicion(0, 20.0))

    assert outages(told(partition, a_suspicion(0, 31.0, at=120, since=hour(99)))) == []


def test_a_suspicion_of_another_key_is_put_aside(partition: Partition) -> None:
    said = a_suspicion(0, 20.0)
    record = Stored("suspicions", 0, 0, key=b"google:8", value=encode(said))
    step = suspicions_step(AllocatorPolicy(), partition, [record])

    assert [letter.reason for letter in step.dead_letters] == ["key_mismatch"]
    assert not step.outputs


def test_a_second_outage_is_told_with_its_own_beginning(partition: Partition) -> None:
    told(partition, a_suspicion(0, 20.0))
    told(partition, a_suspicion(0, 22.0, at=110, since=hour(97), until=hour(108)))
    (outage,) = outages(told(partition, a_suspicion(0, 25.0, at=200, since=hour(190))))

    assert (outage.since, outage.until) == (hour(190), None)
    assert outage.since - hour(97) > timedelta(days=3)


@pytest.mark.parametrize("hours", [0, 1, 24 * 365 * 20])
def test_an_outage_that_ends_no_later_than_it_begins_is_put_aside(
    partition: Partition, hours: int
) -> None:
    wrong = a_suspicion(0, 20.0, until=hour(97 - hours), evidence_now=0.0)
    step = told(partition, wrong)
    assert [(each.reason, each.field) for each in step.dead_letters] == [("contradiction", "until")]
    assert (step.writes, step.outputs) == ({}, [])
