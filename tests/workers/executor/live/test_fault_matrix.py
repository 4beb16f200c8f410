"""Whatever goes wrong, on whatever platform: one effect at most, and the trail says what is there.

What the platform on loopback holds and has done is one side, the trail the other; neither knows
of the other.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from schemas.audit import OPEN, AuditStatus
from tests.workers.connectors import matrix
from tests.workers.connectors.benches import SECRET
from tests.workers.connectors.official_benches import BENCHES
from tests.workers.connectors.test_kit import Hasty, Worse
from tests.workers.executor.live import troubles
from tests.workers.executor.live.struck import Carried, Moment, Trouble
from tests.workers.executor.live.troubles import Row
from workers.connectors.errors import Throttled
from workers.connectors.kit import Bench
from workers.connectors.protocol import Change, Receipt, State
from workers.sandbox.faults import Fault

MADE = {AuditStatus.APPLIED, AuditStatus.CONFIRMED}
UNCHANGED = {AuditStatus.REJECTED, AuditStatus.FAILED, AuditStatus.NO_OP, AuditStatus.EXPIRED}
LEVERS = ("budget", "bid")
ROWS = {row.name: row for row in troubles.rows()}
ELSEWHERE = [moment for moment in Moment if moment is not Moment.CALL]
ANYWHERE = [fault for fault in Fault if fault not in troubles.OF_CHANGES]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


def explained(told: Carried) -> None:
    """See that the trail and the platform say the same."""
    assert told.errors == ()
    assert told.is_intact, "the chain verifies"
    intent, end = told.entries
    assert (intent.status in OPEN, end.status in OPEN) == (True, False)
    assert intent.action_id == end.action_id
    assert end.attempt == told.calls, "each call is told"
    ours = [effect for effect in told.effects if not effect.by_person]
    assert len(ours) == 1 if end.status in MADE else len(ours) <= 1
    assert not (ours and end.status in UNCHANGED)
    for effect in ours:
        assert (effect.ref, effect.before, effect.after) == (told.ref, end.before, told.target)
    of_group = told.before is None
    if end.status is AuditStatus.UNVERIFIED:
        assert end.after is None
    elif not of_group and end.after is not None:
        assert end.after == told.value, "what is said to be in force is so"
    assert end.after is not None or end.status not in MADE
    assert of_group or told.believed in {None, told.value}
    assert told.value in {told.target, told.before, *(each.after for each in told.effects)}


async def ended(name: str, lever: str, row: Row) -> Carried | None:
    async with BENCHES[name][0](matrix.patience(row)) as bench:
        return await matrix.changed(name, bench, lever, row)


CELLS = [(name, lever, row) for row in ROWS for name in BENCHES for lever in LEVERS]


@pytest.mark.parametrize(("name", "lever", "row"), CELLS)
def test_the_executor_makes_one_effect_explains_it_and_the_page_says_how_it_ends(
    name: str, lever: str, row: str
) -> None:
    told = asyncio.run(ended(name, lever, ROWS[row]))
    said = matrix.of_executor()[row, name]
    if told is None:
        assert said == matrix.NONE or said.startswith(f"{LEVERS[lever == 'budget']}: ")
        return
    explained(told)
    assert told.end.status in ROWS[row].ends
    assert matrix.agrees(said, lever, matrix.ending(told))


@pytest.mark.parametrize("fault", ANYWHERE)
@pytest.mark.parametrize("name", [name for name, (_, faults) in BENCHES.items() if faults])
def test_a_fault_of_any_other_request_leaves_one_effect_that_is_explained(
    name: str, fault: Fault
) -> None:
    opened, faults = BENCHES[name]
    if fault not in faults:
        return

    async def struck(moment: Moment, lever: str) -> Carried:
        async with opened(matrix.SHORT if fault is Fault.HANG else matrix.LONG) as bench:
            ref = matrix.value_of(name, bench, lever)
            trouble = troubles.at(moment, fault, bench, ref, name)
            return await matrix.carried(name, bench, ref, trouble)

    for moment, lever in zip(ELSEWHERE, LEVERS * 2, strict=True):
        told = asyncio.run(struck(moment, lever))
        explained(told)
        assert told.end.status in troubles.ends_at(moment, fault), moment


class Denying(Worse):
    """Makes the change and says that it did not."""

    async def apply(self, change: Change, state: State) -> Receipt:
        await self.good.apply(change, state)
        raise Throttled("later")


@pytest.mark.parametrize("worse", [Hasty, Denying])
def test_what_has_two_effects_or_is_not_told_is_found_out(worse: type[Worse]) -> None:
    async def changed() -> Carried:
        async with BENCHES["webhook"][0]() as good:
            bench: Bench = replace(good, connector=worse(good.connector))
            ref = matrix.value_of("webhook", bench, "budget")
            return await matrix.carried("webhook", bench, ref, Trouble())

    told = asyncio.run(changed())
    with pytest.raises(AssertionError):
        explained(told)
