"""One order: what is asked of the platform, in which order, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.workers.executor.live.bench import Bench, order_of
from workers.connectors.errors import Ambiguous, AuthFailed, Conflict, Rejected, Throttled
from workers.connectors.last_check import must_still_hold
from workers.connectors.protocol import Change, Receipt, State
from workers.executor.live.carry_out import carry_out
from workers.executor.live.order import Order
from workers.executor.live.outcome import Outcome, Result
from workers.executor.live.policy import Patience
from workers.executor.live.ports import NotOwner

PATIENCE = Patience()


async def _end(
    bench: Bench, order: Order | None = None, taken_up_at: float | None = None
) -> Outcome:
    return await carry_out(
        bench.ports(), bench, PATIENCE, order or order_of(), taken_up_at=taken_up_at
    )


async def test_a_change_is_made_between_two_readings() -> None:
    bench = Bench(reads=[100, 120])

    outcome = await _end(bench)

    assert bench.log == ["read", "validate", "apply", "read"]
    assert outcome == Outcome(
        action_id="0",
        result=Result.APPLIED,
        at=0.0,
        reason="applied",
        text="",
        before=Decimal(100),
        sent="12000",
        after=Decimal(120),
        attempts=1,
        may_have_changed=True,
        request_id="r1",
    )


async def test_what_is_in_force_already_is_not_sent() -> None:
    bench = Bench(reads=[120])
    outcome = await _end(bench)
    assert (outcome.result, outcome.may_have_changed) == (Result.NO_OP, False)
    assert "apply" not in bench.log


async def test_a_value_that_nobody_expects_is_left_alone() -> None:
    bench = Bench(reads=[95])
    outcome = await _end(bench)
    assert (outcome.result, outcome.after) == (Result.DRIFT, Decimal(95))
    assert "decide anew" in outcome.text
    assert "apply" not in bench.log


async def test_where_nothing_is_expected_what_is_found_counts_until_it_changes() -> None:
    bench = Bench(reads=[95, 96], calls=[Conflict("busy")])
    outcome = await _end(bench, order_of(expected=None))
    assert (outcome.result, outcome.before, outcome.after) == (
        Result.DRIFT,
        Decimal(95),
        Decimal(96),
    )
    assert bench.log.count("apply") == 1


async def test_after_a_lost_answer_nothing_is_concluded_before_it_could_have_taken_effect() -> None:
    bench = Bench(reads=[100, 120], calls=[Ambiguous("timeout", code="504", request_id="q")])

    outcome = await _end(bench)

    assert (outcome.result, outcome.request_id) == (Result.CONFIRMED, "q")
    assert bench.log.count("apply") == 1
    assert outcome.at >= PATIENCE.late_by


async def test_what_was_lost_and_not_made_is_made_again_four_times_at_most() -> None:
    bench = Bench(reads=[100], calls=[Ambiguous("timeout")])

    outcome = await _end(bench)

    assert outcome.result is Result.FAILED
    assert (outcome.attempts, outcome.after) == (4, Decimal(100))
    # The last word is a reading.
    assert bench.log[-1] == "read"


async def test_the_platforms_own_wait_is_kept_to() -> None:
    bench = Bench(reads=[100, 100, 120], calls=[Throttled("wait", retry_after=77.0), None])
    assert (await _end(bench)).result is Result.APPLIED
    assert "sleep 77" in bench.log


async def test_a_wait_beyond_the_deadline_ends_it() -> None:
    bench = Bench(calls=[Throttled("blocked for an hour", code="613", retry_after=3600.0)])
    outcome = await _end(bench)
    assert (outcome.result, outcome.reason, outcome.platform_code) == (
        Result.FAILED,
        "throttled",
        "613",
    )
    assert bench.time < PATIENCE.deadline


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (Rejected("too low", code="100"), "rejected"),
        (AuthFailed("expired", code="190"), "auth_failed"),
    ],
)
async def test_a_refusal_ends_it_with_the_platforms_code(error: Exception, result: str) -> None:
    outcome = await _end(Bench(calls=[error]))
    assert outcome.result == result
    assert outcome.platform_code in {"100", "190"}
    assert not outcome.may_have_changed


async def test_credentials_that_fail_while_a_call_is_unclear_leave_it_unverified() -> None:
    bench = Bench(reads=[100, AuthFailed("expired")], calls=[Ambiguous("timeout")])
    outcome = await _end(bench)
    assert (outcome.result, outcome.after) == (Result.UNVERIFIED, None)
    assert "120 may be in force" in outcome.text


async def test_what_is_never_read_back_is_told_so_after_few_readings() -> None:
    bench = Bench(reads=[100])
    outcome = await _end(bench)
    assert (outcome.result, outcome.may_have_changed) == (Result.UNVERIFIED, True)
    assert bench.log.count("read") == 1 + PATIENCE.verify_reads
    assert bench.log.count("apply") == 1


async def test_what_cannot_be_read_back_for_a_throttle_is_read_when_the_platform_allows() -> None:
    bench = Bench(reads=[100, Throttled("wait", retry_after=25.0), 120])
    outcome = await _end(bench)
    assert outcome.result is Result.APPLIED
    assert bench.log == ["read", "validate", "apply", "read", "sleep 25", "read"]


async def test_a_platform_that_cannot_be_read_is_given_up_without_sending() -> None:
    bench = Bench(reads=[Ambiguous("timeout")])
    outcome = await _end(bench)
    assert (outcome.result, outcome.reason) == (Result.FAILED, "not_read")
    assert "apply" not in bench.log


@pytest.mark.parametrize("told", ["NaN", "sNaN", "Infinity", "1E+40", "1E-999999"])
async def test_a_value_that_is_none_counts_as_not_read(told: str) -> None:
    bench = Bench(reads=[State(value=Decimal(told), currency="EUR")])
    outcome = await _end(bench, replace(order_of(expected=None), max_change_pct=10.0))
    assert (outcome.result, outcome.reason) == (Result.FAILED, "not_read")
    assert "apply" not in bench.log


async def test_an_order_that_was_taken_up_waits_and_is_found() -> None:
    bench = Bench(reads=[120])
    outcome = await _end(bench, taken_up_at=-5.0)
    assert outcome.result is Result.CONFIRMED
    assert bench.log == ["sleep 25", "read"]


async def test_nothing_is_even_read_for_what_is_over_or_frozen() -> None:
    late, frozen = Bench(time=1000.0), Bench(frozen="it is frozen; unfreeze it first")
    assert (await _end(late)).result is Result.EXPIRED
    assert (await _end(frozen)).text == "it is frozen; unfreeze it first"
    assert late.log == frozen.log == []


async def test_a_freeze_that_comes_while_it_is_read_stops_it() -> None:
    class Late(Bench):
        async def validate(self, *args: object) -> None:
            del args
            self.frozen = "frozen meanwhile"

    bench = Late()
    assert (await _end(bench)).result is Result.FROZEN
    assert "apply" not in bench.log


async def test_a_plan_that_changes_while_it_is_read_stops_it() -> None:
    class Late(Bench):
        async def validate(self, *args: object) -> None:
            del args
            self.changed = "version 2 of the plan holds now"

    bench = Late()
    outcome = await _end(bench)
    assert (outcome.result, outcome.reason) == (Result.FROZEN, "plan_changed")
    assert "apply" not in bench.log


async def test_who_owns_it_no_more_leaves_it_open() -> None:
    bench = Bench(owner=False)
    with pytest.raises(NotOwner):
        await _end(bench)
    assert bench.log == []


async def test_who_loses_it_while_the_call_is_made_ready_leaves_it_open_and_unwritten() -> None:
    class Frozen(Bench):
        async def apply(self, change: Change, state: State) -> Receipt:
            self.owner = False  # it stood still until the lease was over
            must_still_hold()
            return await Bench.apply(self, change, state)

    bench = Frozen()
    with pytest.raises(NotOwner):
        await _end(bench)
    assert "apply" not in bench.log
    assert not any(isinstance(said, Exception) for said in bench.said), (
        "the account is not at fault"
    )


async def test_a_connector_at_fault_counts_as_a_lost_answer_and_gives_nothing_away() -> None:
    bench = Bench(calls=[KeyError("access_token=canary")])
    outcome = await _end(bench)
    assert outcome.result is Result.FAILED
    assert "canary" not in repr((outcome, bench.said))


@pytest.mark.parametrize(
    ("found", "reason"),
    [(None, "unknown_entity"), (State(value=Decimal(100), currency="USD"), "currency_mismatch")],
)
async def test_what_cannot_be_meant_is_rejected(found: State | None, reason: str) -> None:
    outcome = await _end(Bench(reads=[found]))
    assert (outcome.result, outcome.reason) == (Result.REJECTED, reason)


async def test_waits_are_spread_by_the_order_and_the_same_each_time() -> None:
    logs = []
    for number in (1, 1, 2):
        bench = Bench(calls=[Conflict("busy")])
        await _end(bench, replace(order_of(), action_id=str(number)))
        logs.append(bench.log)
    assert logs[0] == logs[1] != logs[2]


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"verify_reads": 0}, {"first_wait": 0.0}])
def test_a_patience_that_cannot_be_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        Patience(**wrong)
