"""Platforms that the kit's laws are run on."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from schemas.edit import Editor
from schemas.fields import Entity
from workers.connectors.kit import Bench
from workers.connectors.options import AccountOptions, WebhookOptions
from workers.connectors.protocol import Account, Edit, Lever, Ref
from workers.connectors.simulate import SimulateConnector
from workers.connectors.webhook import WebhookConnector
from workers.sandbox.faults import FaultQueue
from workers.sandbox.platform import Effect
from workers.sandbox.webhook import WebhookSandbox

SECRET = "whsec_" + base64.b64encode(b"canary of the webhook's kit").decode()
MINIMUMS = {Lever.DAILY_BUDGET: Decimal(5), Lever.BID: Decimal("0.10")}
ACCOUNT = Account(
    account_id="1",
    name="One",
    currency="EUR",
    timezone="Europe/Berlin",
    step=Decimal("0.01"),
    minimums=MINIMUMS,
)
BUDGET = Ref(account_id="1", entity=Entity.CAMPAIGN, entity_id="7", lever=Lever.DAILY_BUDGET)
BID = replace(BUDGET, entity=Entity.AD_SET, entity_id="8", lever=Lever.BID)
UNKNOWN = replace(BUDGET, entity_id="9")
MISSING = replace(BUDGET, entity=Entity.SEGMENT)
VALUES = {BUDGET: Decimal("20.00"), BID: Decimal("1.10")}


class Memory:
    """What is in force in a `SimulateConnector`, seen as a platform."""

    address = ""

    def __init__(self, connector: SimulateConnector) -> None:
        self.faults = FaultQueue()
        self._connector = connector

    @property
    def effects(self) -> tuple[Effect, ...]:
        return tuple(
            Effect(
                ref=e.ref,
                before=e.before,
                after=e.after,
                at=e.at,
                by_person=e.by is Editor.PERSON,
            )
            for e in self._connector._edits
            if e.after is not None
        )

    def value(self, ref: Ref) -> Decimal | None:
        return self._connector._values[ref]

    def edit(self, ref: Ref, value: Decimal) -> None:
        before, self._connector._values[ref] = self._connector._values[ref], value
        edit = Edit(
            ref=ref,
            at=datetime.now(UTC),
            actor="Jane",
            by=Editor.PERSON,
            before=before,
            after=value,
        )
        self._connector._edits.append(edit)

    async def start(self) -> None: ...

    async def restart(self) -> None: ...

    async def stop(self) -> None: ...


def bench_of(connector: object, platform: object) -> Bench:
    return Bench(
        connector=connector,  # type: ignore[arg-type]
        platform=platform,  # type: ignore[arg-type]
        budget=BUDGET,
        bid=BID,
        values=(Decimal("12.34"), Decimal("13.07")),
        unknown=UNKNOWN,
        missing=MISSING,
        secrets=(SECRET, SECRET.removeprefix("whsec_")),
    )


SECONDS = 2.5
"""For which connectors wait for an answer, unless a test wants it shorter."""


@asynccontextmanager
async def simulated(seconds: float = SECONDS) -> AsyncIterator[Bench]:
    del seconds  # there is nothing to wait for
    connector = SimulateConnector([ACCOUNT], VALUES)
    yield bench_of(connector, Memory(connector))
    await connector.aclose()


def options(
    address: str, *, reads: bool = True, url: str = "", seconds: float = SECONDS
) -> WebhookOptions:
    account = AccountOptions(account_id="1", currency="EUR", minimums=MINIMUMS)
    return WebhookOptions(
        url=url or f"{address}/changes",
        secret="env:WEBHOOK_SECRET",
        accounts=(account,),
        state_url=f"{address}/states" if reads else "",
        timeout_seconds=seconds,
    )


@asynccontextmanager
async def received(seconds: float = SECONDS, *, reads: bool = True) -> AsyncIterator[Bench]:
    platform = WebhookSandbox(SECRET, [ACCOUNT], VALUES)
    await platform.start()
    connector = WebhookConnector(options(platform.address, reads=reads, seconds=seconds))
    try:
        yield bench_of(connector, platform)
    finally:
        await connector.aclose()
        await platform.stop()


@asynccontextmanager
async def unreadable(seconds: float = SECONDS) -> AsyncIterator[Bench]:
    async with received(seconds, reads=False) as bench:
        yield bench
