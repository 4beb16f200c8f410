"""Laws that hold of a connector while nothing goes wrong, and of what it must refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from workers.connectors.amounts import MONEY
from workers.connectors.errors import ConnectorError, Rejected
from workers.connectors.kit import Bench, Law, must
from workers.connectors.protocol import Change, Lever, Ref, State


def everywhere() -> list[Law]:
    """Return the laws that need no fault."""
    kept: list[Callable[[Bench], Awaitable[None]]] = [
        what_was_applied_is_read_back_exactly,
        apply_is_one_effect,
        reading_and_validating_change_nothing,
        a_change_below_the_minimum_is_rejected,
        a_change_in_another_currency_is_rejected,
        a_change_of_an_unknown_entity_is_rejected,
        a_lever_that_it_has_not_is_rejected,
        an_unknown_entity_is_left_out_of_reads,
        quantize_never_raises_money_and_is_idempotent,
        reads_at_once_agree,
        closing_twice_is_closing_once,
        calls_after_closing_are_refused_and_change_nothing,
    ]
    return [Law(one.__name__, one) for one in kept]


async def what_was_applied_is_read_back_exactly(bench: Bench) -> None:
    """Each value that was set is the one that is read, to the last digit."""
    for ref in bench.refs():
        for number, target in enumerate(bench.values):
            state = await bench.state(ref)
            change = bench.change(ref, target, state.currency, f"kit-{ref.lever}-{number}")
            await bench.connector.validate(change, state)
            await bench.connector.apply(change, state)
            read = (await bench.state(ref)).value
            must(read == target, f"{target} was applied to {ref.lever}, {read} is read")
            must(bench.platform.value(ref) == target, f"the platform has not {target}")


async def apply_is_one_effect(bench: Bench) -> None:
    """One call of apply sets one value, of the entity that was meant."""
    for ref in bench.refs():
        before = len(bench.platform.effects)
        state = await bench.state(ref)
        change = bench.change(ref, bench.values[0], state.currency, f"kit-{ref.lever}")
        await bench.connector.apply(change, state)
        made = bench.platform.effects[before:]
        must(len(made) == 1, f"one apply had {len(made)} effects")
        must((made[0].ref, made[0].after) == (ref, bench.values[0]), f"it set {made[0]}")


async def reading_and_validating_change_nothing(bench: Bench) -> None:
    """Only apply has effects."""
    state = await bench.state(bench.budget)
    await bench.connector.describe_account(bench.budget.account_id)
    await bench.connector.validate(
        bench.change(bench.budget, bench.values[0], state.currency), state
    )
    must(not bench.platform.effects, "something was changed without apply")


async def a_change_below_the_minimum_is_rejected(bench: Bench) -> None:
    """Less than one step, and less than the platform's minimum, is refused."""
    account = await bench.connector.describe_account(bench.budget.account_id)
    for ref in bench.refs():
        least = account.minimums.get(ref.lever)
        if least is not None and least > account.step:
            await _rejected(bench, bench.change(ref, least - account.step, account.currency))


async def a_change_in_another_currency_is_rejected(bench: Bench) -> None:
    """See that a change decided in another currency is refused."""
    account = await bench.connector.describe_account(bench.budget.account_id)
    other = "USD" if account.currency != "USD" else "EUR"
    for ref in bench.refs():
        await _rejected(bench, bench.change(ref, bench.values[0], other))


async def a_change_of_an_unknown_entity_is_rejected(bench: Bench) -> None:
    """See that what does not exist cannot be changed."""
    account = await bench.connector.describe_account(bench.budget.account_id)
    await _rejected(bench, bench.change(bench.unknown, bench.values[0], account.currency))


async def a_lever_that_it_has_not_is_rejected(bench: Bench) -> None:
    """See that what is in no capability cannot be changed."""
    missing = (bench.missing.entity, bench.missing.lever)
    must(missing not in bench.connector.capabilities.levers, f"the connector has {missing}")
    account = await bench.connector.describe_account(bench.budget.account_id)
    await _rejected(bench, bench.change(bench.missing, bench.values[0], account.currency))


async def an_unknown_entity_is_left_out_of_reads(bench: Bench) -> None:
    """See that reading what does not exist is no error, and tells nothing of it."""
    if bench.connector.capabilities.readable:
        read = await bench.connector.read_state([bench.budget, bench.unknown])
        must(set(read) == {bench.budget}, f"read {sorted(ref.entity_id for ref in read)}")


async def quantize_never_raises_money_and_is_idempotent(bench: Bench) -> None:
    """See that what can be set is at most what was wanted, and can be set."""
    account = await bench.connector.describe_account(bench.budget.account_id)
    levers = {lever for _, lever in bench.connector.capabilities.levers} & MONEY
    for lever in sorted(levers):
        for amount in map(Decimal, AMOUNTS):
            once = bench.connector.quantize(amount, account, lever)
            must(once <= amount, f"{lever}: {amount} became {once}, which is more")
            again = bench.connector.quantize(once, account, lever)
            must(again == once, f"{lever}: {once} became {again} the second time")
            if lever in {Lever.DAILY_BUDGET, Lever.LIFETIME_BUDGET}:
                gap = amount - once
                must(gap < account.step, f"{lever}: {amount} became {once}, more than a step less")


AMOUNTS = ("0", "1", "10", "12.34", "99.999", "1234.5678", "1000000.019999999999999999", "0.07")


async def reads_at_once_agree(bench: Bench) -> None:
    """Many reads at the same time tell the same."""
    reads = await asyncio.gather(
        *(bench.connector.read_state(bench.refs()) for _ in range(20)),
    )
    must(all(read == reads[0] for read in reads), "reads at the same time differ")
    must(set(reads[0]) == set(bench.refs()), "not all values are read")


async def closing_twice_is_closing_once(bench: Bench) -> None:
    """See that the second aclose does nothing."""
    await bench.state(bench.budget)
    await bench.connector.aclose()
    await bench.connector.aclose()


async def calls_after_closing_are_refused_and_change_nothing(bench: Bench) -> None:
    """See that a closed connector raises an error of ours."""
    state = await bench.state(bench.budget)
    await bench.connector.aclose()
    change = bench.change(bench.budget, bench.values[0], state.currency)
    calls: list[Callable[[], Awaitable[object]]] = [
        lambda: bench.connector.read_state([bench.budget]),
        lambda: bench.connector.apply(change, state),
    ]
    for call in calls:
        try:
            await call()
        except ConnectorError:
            continue
        raise AssertionError("a closed connector answered")
    must(not bench.platform.effects, "a closed connector changed something")


async def _rejected(bench: Bench, change: Change) -> None:
    """See that apply refuses a change and does not make it."""
    state = await _state(bench, change.ref)
    before = len(bench.platform.effects)
    try:
        await bench.connector.apply(change, state)
    except Rejected as refused:
        must(refused.detail, "it does not say why")
        must(len(bench.platform.effects) == before, "it was rejected and changed something")
    else:
        raise AssertionError(f"{change.target} {change.currency} of {change.ref} was not rejected")


async def _state(bench: Bench, ref: Ref) -> State:
    read = await bench.connector.read_state([bench.budget])
    return read.get(ref, read[bench.budget])
