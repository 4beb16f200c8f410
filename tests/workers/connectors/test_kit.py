"""The kit's laws: every connector keeps them, and one that does not is found out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from schemas.edit import Editor
from tests.workers.connectors import matrix
from tests.workers.connectors.benches import SECRET, unreadable
from tests.workers.connectors.official_benches import BENCHES
from workers.connectors.errors import Ambiguous, AuthFailed, ConnectorError, Throttled
from workers.connectors.kit import Bench, Law, laws
from workers.connectors.protocol import (
    Account,
    Change,
    Connector,
    Lever,
    Receipt,
    Ref,
    State,
)
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.webhook import FITTING


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)


CASES = [
    pytest.param(name, law, id=f"{name}-{law}")
    for name, (_, faults) in BENCHES.items()
    for law in laws(faults)
]


@pytest.mark.parametrize(("name", "law"), CASES)
def test_a_connector_keeps_and_the_page_says_what_was_seen_of(name: str, law: Law) -> None:
    seen = asyncio.run(law(partial(BENCHES[name][0], matrix.patience(law))))
    if seen is not None:
        row, about = matrix.place(law)
        assert matrix.agrees(matrix.of_connector()[row, name], about, matrix.text(seen))


def test_the_page_has_a_cell_for_each_fault_and_connector_and_no_other() -> None:
    page = matrix.told()
    assert matrix.beyond_faults() < {row for row, _ in page}
    assert list(dict.fromkeys(row for row, _ in page)) == matrix.rows(page)
    assert set(page) == {(row, name) for row, _ in page for name in BENCHES}
    named = {fault.replace("_", " ") for fault in Fault}
    assert named <= {row for row, _ in page}


@pytest.mark.parametrize("name", BENCHES)
def test_a_dash_stands_for_what_the_platform_cannot_have(name: str) -> None:
    async def refused(planned: Planned) -> bool:
        async with BENCHES[name][0]() as bench:
            try:
                bench.platform.faults.plan(replace(planned, ref=bench.budget))
            except ValueError:
                return True
            return name == "simulate"  # there is no wire to strike

    for (row, column), said in matrix.of_connector().items():
        if row in matrix.beyond_faults():
            continue
        fault, renewal, _ = row.removeprefix("token expired and ").partition(" at its renewal")
        call = Call.READ if row in {"stale reads", "truncated"} else Call.WRITE
        call = Call.TOKEN if renewal else call
        planned = Planned(fault=Fault(fault.replace(" ", "_")), call=call, value=Decimal(1))
        if column == name:
            assert asyncio.run(refused(planned)) == (said == matrix.NONE), row


@pytest.mark.parametrize("law", laws(FITTING), ids=str)
def test_a_webhook_that_cannot_be_read_keeps(law: Law) -> None:
    asyncio.run(law(partial(unreadable, matrix.patience(law))))


class Worse:
    """A connector that does all but one thing as a good one does."""

    def __init__(self, good: Connector) -> None:
        self.good = good
        self.told: dict[object, Any] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 -- whatever the good one has
        return getattr(self.good, name)


class Hasty(Worse):
    """Sends everything twice, as careless clients do."""

    async def apply(self, change: Change, state: State) -> Receipt:
        await self.good.apply(change, state)
        return await self.good.apply(replace(change, key=change.key + "-again"), state)


class Careless(Worse):
    """Takes amounts in any currency, and rounds them up."""

    async def apply(self, change: Change, state: State) -> Receipt:
        return await self.good.apply(replace(change, currency="EUR"), state)

    def quantize(self, amount: Decimal, account: Account, lever: Lever) -> Decimal:
        return self.good.quantize(amount, account, lever) + account.step


class Talkative(Worse):
    """Tells the secret in its errors."""

    async def apply(self, change: Change, state: State) -> Receipt:
        try:
            return await self.good.apply(change, state)
        except ConnectorError as error:
            raise type(error)(f"{error.detail} {SECRET}") from error


class Unsure(Worse):
    """Says that it does not know where it does."""

    async def apply(self, change: Change, state: State) -> Receipt:
        try:
            return await self.good.apply(change, state)
        except Throttled as error:
            raise Ambiguous(error.detail) from None


class Resigned(Worse):
    """Takes an expired token for a revoked one."""

    async def apply(self, change: Change, state: State) -> Receipt:
        try:
            return await self.good.apply(change, state)
        except Throttled as error:
            raise AuthFailed(error.detail) from None


class Remembering(Worse):
    """Asks once, and tells the same ever after."""

    async def read_state(self, refs: Sequence[Ref]) -> Any:  # noqa: ANN401
        if tuple(refs) not in self.told:
            self.told[tuple(refs)] = await self.good.read_state(refs)
        return self.told[tuple(refs)]

    async def read_performance(self, *asked: Any) -> Any:  # noqa: ANN401
        if asked not in self.told:
            self.told[asked] = await self.good.read_performance(*asked)
        return self.told[asked]


class Undated(Worse):
    """Says of each report that it is of the same moment."""

    async def read_performance(self, *asked: Any) -> Any:  # noqa: ANN401
        moment = datetime(2026, 3, 1, tzinfo=UTC)
        return [replace(row, as_of=moment) for row in await self.good.read_performance(*asked)]


class Content(Worse):
    """Takes an answer that was cut for one that has nothing."""

    async def read_state(self, refs: Sequence[Ref]) -> Any:  # noqa: ANN401
        try:
            return await self.good.read_state(refs)
        except Ambiguous:
            return {}

    async def read_performance(self, *asked: Any) -> Any:  # noqa: ANN401
        try:
            return await self.good.read_performance(*asked)
        except Ambiguous:
            return []

    async def read_history(self, *asked: Any) -> Any:  # noqa: ANN401
        try:
            return await self.good.read_history(*asked)
        except Ambiguous:
            return []


class Vain(Worse):
    """Takes every change for its own, and every campaign for one that learns."""

    async def read_history(self, *asked: Any) -> Any:  # noqa: ANN401
        return [replace(edit, by=Editor.US) for edit in await self.good.read_history(*asked)]

    async def read_state(self, refs: Sequence[Ref]) -> Any:  # noqa: ANN401
        told = await self.good.read_state(refs)
        return {ref: replace(state, learning=True) for ref, state in told.items()}


BROKEN: list[tuple[type[Worse], str, str]] = [
    (Hasty, "webhook", "apply_is_one_effect"),
    (Careless, "webhook", "a_change_in_another_currency_is_rejected"),
    (Careless, "webhook", "quantize_never_raises_money_and_is_idempotent"),
    (Talkative, "webhook", "html_502-budget"),
    (Unsure, "linkedin", "token_expired_and_html_502_at_its_renewal-budget"),
    (Resigned, "google", "token_expired_and_renewed-budget"),
    (Unsure, "google", "token_expired_and_renewed-budget"),
    (Remembering, "webhook", "stale_reads-budget"),
    (Remembering, "meta", "stale_reads-bid"),
    (Remembering, "linkedin", "restated_conversions_are_told_anew"),
    (Undated, "meta", "restated_conversions_are_told_anew"),
    (Content, "webhook", "truncated-state"),
    (Content, "meta", "truncated-report"),
    (Content, "google", "truncated-history"),
    (Vain, "simulate", "history_tells_who_changed_what"),
    (Vain, "google", "history_tells_who_changed_what"),
    (Vain, "linkedin", "only_what_it_can_tell_is_told"),
]


@pytest.mark.parametrize(("connector", "name", "broken"), BROKEN)
def test_a_connector_that_breaks_a_law_is_found_out(
    connector: type[Worse], name: str, broken: str
) -> None:
    opened, faults = BENCHES[name]
    (law,) = (one for one in laws(faults) if one.name == broken)

    @asynccontextmanager
    async def worse() -> AsyncIterator[Bench]:
        async with opened() as bench:
            yield replace(bench, connector=connector(bench.connector))

    with pytest.raises(AssertionError):
        asyncio.run(law(worse))
