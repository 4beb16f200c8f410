"""Laws of what a connector tells: all that the platform said, as it says it now, and no more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Final

from schemas.edit import Editor
from workers.connectors.errors import ConnectorError
from workers.connectors.kit import Bench, Law, Seen, must
from workers.connectors.protocol import Performance, Ref
from workers.sandbox.faults import Call, Fault, Planned

DAYS: Final = tuple(date(2026, 3, day) for day in range(2, 8))
"""Of which the platform reports."""
_LAGS: Final = 4
_MOST_ANSWERS: Final = 100
_UNDATED: Final = datetime(2026, 1, 1, tzinfo=UTC)


def everywhere() -> list[Law]:
    """Return the laws that need no fault."""
    kept = [
        restated_conversions_are_told_anew,
        history_tells_who_changed_what,
        only_what_it_can_tell_is_told,
    ]
    return [Law(one.__name__, one) for one in kept]


def of_faults(faults: Collection[Fault]) -> list[Law]:
    """Return the laws of reads that lag and of answers that are cut, where those can be played."""
    lagging = [
        Law(f"{Fault.STALE_READS}-{name}", partial(reads_that_lag_are_passed_on, of_bid=of_bid))
        for name, of_bid in (("budget", False), ("bid", True))
        if Fault.STALE_READS in faults
    ]
    cut = [
        Law(f"{Fault.TRUNCATED}-{name}", partial(what_is_cut_is_never_a_short_answer, read=read))
        for name, read in (("state", _states), ("report", _report), ("history", _history))
        if Fault.TRUNCATED in faults
    ]
    return lagging + cut


async def restated_conversions_are_told_anew(bench: Bench) -> None:
    """See that each report is what the platform tells by then, up or down, and says when."""
    if bench.report is None:
        return
    times: list[set[datetime]] = []
    for conversions in (3, 5, 4):
        bench.report(DAYS[1], conversions)
        rows = await _performance(bench, DAYS[1], DAYS[1])
        told = sum(row.conversions for row in rows)
        must(told == conversions, f"{told} conversions are told of {conversions}")
        must({row.day for row in rows} == {DAYS[1]}, "other days are told than were asked for")
        times.append({row.as_of for row in rows})
    must(all(max(a) < min(b) for a, b in pairwise(times)), "as_of does not move on")
    must(not await _performance(bench, DAYS[0], DAYS[0]), "a day without a report has rows")


async def history_tells_who_changed_what(bench: Bench) -> None:
    """See that a person's edit is told from our own change, with what was before and after."""
    if not bench.connector.capabilities.history:
        return
    since, before = datetime.now(UTC) - timedelta(minutes=1), bench.platform.value(bench.budget)
    ours, theirs = bench.values
    bench.platform.edit(bench.budget, theirs)
    state = await bench.state(bench.budget)
    await bench.connector.apply(bench.change(bench.budget, ours, state.currency), state)
    edits = await bench.connector.read_history(bench.budget.account_id, since)
    told = [(edit.by, edit.before, edit.after) for edit in edits if edit.ref == bench.budget]
    made = [(Editor.PERSON, before, theirs), (Editor.US, theirs, ours)]
    must(told == made, f"history tells {told}")
    must([edit.at for edit in edits] == sorted(edit.at for edit in edits), "not the oldest first")
    coming = datetime.now(UTC) + timedelta(hours=1)
    must(not await bench.connector.read_history(bench.budget.account_id, coming), "told too early")


async def only_what_it_can_tell_is_told(bench: Bench) -> None:
    """See that capabilities say of learning, hours and history what is told of them."""
    able = bench.connector.capabilities
    if bench.report is not None:
        bench.report(DAYS[0], 3)
        rows = await _performance(bench, DAYS[0], DAYS[0])
        must(rows, "nothing is told of a day that the platform reports of")
        labels = set(range(24)) if able.hourly else {None}
        must(all(row.hour in labels for row in rows), f"hours of {rows} are not {able.hourly}")
    for ref in bench.refs():
        must(able.learning or not (await bench.state(ref)).learning, "it tells of learning")
        bench.platform.edit(ref, bench.values[0])
    must(able.history or not await _history(bench), "it tells of history")


async def reads_that_lag_are_passed_on(bench: Bench, *, of_bid: bool) -> Seen | None:
    """See that a read tells what the platform told it, late or not, and keeps nothing of before."""
    ref = bench.bid if of_bid else bench.budget
    if ref is None or not bench.connector.capabilities.readable:
        return None
    old, new = (await bench.state(ref)).value, bench.values[0]
    bench.platform.edit(ref, new)
    bench.platform.faults.plan(Planned(fault=Fault.STALE_READS, call=Call.READ, times=_LAGS))
    told = [await _value(bench, ref) for _ in range(_LAGS)]
    must(not len(bench.platform.faults), "it told of a value without asking for it")
    told.append(await _value(bench, ref))
    lagging = told.count(old)
    must(lagging, "it did not pass on what it read")
    must(told == [old] * lagging + [new] * (len(told) - lagging), f"it told {told}")
    return Seen(raised="", then="the old value, then the new one")


async def what_is_cut_is_never_a_short_answer(bench: Bench, *, read: _Read) -> Seen | None:
    """See that each answer that ends in the middle is an error, be it the first or the last."""
    for number, day in enumerate(DAYS):
        if bench.report is not None:
            bench.report(day, number)
    for ref in bench.refs():
        bench.platform.edit(ref, bench.values[0])
    whole, raised = await read(bench), set()
    for after in range(_MOST_ANSWERS):
        planned = Planned(fault=Fault.TRUNCATED, call=Call.READ, after=after)
        bench.platform.faults.plan(planned)
        try:
            told = await read(bench)
        except ConnectorError as error:
            must(not len(bench.platform.faults), f"nothing was cut, and it raised {error!r}")
            raised.add(type(error).__name__)
            continue
        must(told == whole, f"of {whole} it told {told}")
        if len(bench.platform.faults):
            bench.platform.faults.forget()
            break
    else:
        raise AssertionError(f"it did not end within {_MOST_ANSWERS} answers")
    return Seen(raised=", ".join(sorted(raised)), then="nothing told") if raised else None


_Read = Callable[[Bench], Awaitable[object]]


async def _states(bench: Bench) -> object:
    return await bench.connector.read_state(bench.refs())


async def _report(bench: Bench) -> object:
    rows = await _performance(bench, DAYS[0], DAYS[-1])
    return [replace(row, as_of=_UNDATED) for row in rows]


async def _history(bench: Bench) -> object:
    since = datetime.now(UTC) - timedelta(minutes=10)
    return await bench.connector.read_history(bench.budget.account_id, since)


async def _performance(bench: Bench, since: date, until: date) -> list[Performance]:
    return list(await bench.connector.read_performance(bench.budget.account_id, since, until))


async def _value(bench: Bench, ref: Ref) -> Decimal | None:
    return (await bench.state(ref)).value
