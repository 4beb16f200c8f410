"""What may go wrong with a change, row by row, and how the trail may say that it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from schemas.audit import AuditStatus
from schemas.fields import Entity
from tests.faults.driving import until
from tests.workers.connectors import linkedin_parts
from tests.workers.connectors.google_parts import ACCOUNT
from tests.workers.connectors.official_benches import BENCHES
from tests.workers.executor.live.struck import Moment, Trouble
from workers.connectors.errors import AuthFailed, Rejected
from workers.connectors.kit import Bench
from workers.connectors.kit_faults import DONE, EXPECTED, MAY_SUCCEED, OF_TOKENS
from workers.connectors.protocol import Ref
from workers.sandbox.faults import Call, Fault, Planned
from workers.sandbox.google.server import GoogleSandbox
from workers.sandbox.linkedin.server import LinkedInSandbox

SLOWLY: Final = 0.2
"""Seconds that a slow answer takes; connectors wait longer than that."""
LAGGING: Final = 2
"""Reads that lag; fewer than are made before a change counts as not found."""
FOR_GOOD: Final = 1_000
_WITHIN: Final = 30.0
"""Seconds after which a fault that has not struck never will."""
OF_CHANGES: Final = frozenset(
    {
        Fault.BUDGET_CHANGES,
        Fault.CONFLICT,
        Fault.EMPTY_SUCCESS,
        Fault.PARTIAL_FAILURE,
        *DONE,
    }
)
"""Faults that only a request can have that changes something."""

Statuses = frozenset[AuditStatus]
MADE: Final = frozenset({AuditStatus.APPLIED})
REFUSED: Final = frozenset({AuditStatus.REJECTED})
Told = Callable[[str, Bench, Ref], Trouble | None]
"""From connector, bench and value to what goes wrong; None where that platform cannot have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of trouble, of all connectors."""

    name: str
    ends: Statuses
    """By what the fault is: how a change may end that meets it."""
    trouble: Told


def rows() -> Iterator[Row]:
    """Yield all rows, in the order of the page."""
    yield Row("nothing", MADE, lambda *_: Trouble())
    yield Row("stale reads", MADE, _lagging(LAGGING))
    yield Row("never consistent", frozenset({AuditStatus.UNVERIFIED}), _lagging(FOR_GOOD))
    yield Row("truncated", MADE, _truncated)
    for fault in EXPECTED:
        yield Row(fault.replace("_", " "), _ends(fault), _struck(fault))
    for fault in OF_TOKENS:
        ends = frozenset({AuditStatus.FAILED}) if fault is Fault.TOKEN_REVOKED else MADE
        name = f"token expired and {fault.replace('_', ' ')} at its renewal"
        yield Row(name, ends, _renewed(fault))
    yield Row("server restart before it is done", MADE, _restarting(Fault.HANG))
    restarted = frozenset({AuditStatus.CONFIRMED})
    yield Row("server restart once it is done", restarted, _restarting(Fault.APPLIED_THEN_HANG))
    yield Row("below the minimum", REFUSED, _below)
    yield Row("account in another currency", REFUSED, lambda *_: Trouble(currency="CHF"))
    yield Row("shared budget", REFUSED, _shared)


def ends_at(moment: Moment, fault: Fault) -> Statuses:
    """Return how a change may end where a fault strikes another request than the change itself."""
    back = MADE | {AuditStatus.UNVERIFIED}
    before = {AuditStatus.DRIFT, *MADE} if fault is Fault.EDITED_MEANWHILE else _ends(fault)
    if moment is Moment.DRY_RUN:
        # Not every connector asks anything then: what is struck there is the reading back.
        return back | before
    return back if moment is Moment.BACK else MADE | before


def at(moment: Moment, fault: Fault, bench: Bench, ref: Ref, name: str) -> Trouble:
    """Return that a fault strikes the first request that is made from a moment on."""
    # Meta's dry run is a request like that of the change itself.
    changes = moment is Moment.CALL or (moment is Moment.DRY_RUN and name == "meta")
    call = Call.WRITE if changes else Call.READ
    return Trouble(faults={moment: (_planned(fault, bench, ref, call),)})


def budget_of(name: str, bench: Bench) -> Ref:
    """Return the budget that the executor sets: a campaign's own."""
    if name == "meta":
        return replace(bench.budget, entity=Entity.CAMPAIGN, entity_id="6")
    return bench.budget


def _ends(fault: Fault) -> Statuses:
    """Return how a change may end that a fault strikes once, by the errors that it may end in."""
    errors = EXPECTED.get(fault, ())
    ends = set(MADE) if fault in MAY_SUCCEED else set()
    if AuthFailed in errors:
        ends.add(AuditStatus.FAILED)
    if Rejected in errors:
        ends.add(AuditStatus.REJECTED)
    if fault is Fault.BUDGET_CHANGES:
        # The hour that has to pass is longer than an order is tried for.
        ends |= {AuditStatus.FAILED, *MADE}
    if fault is Fault.EDITED_MEANWHILE:
        return frozenset({AuditStatus.DRIFT})
    if fault in DONE:
        return frozenset({AuditStatus.CONFIRMED})
    return frozenset(ends) or MADE


def _planned(fault: Fault, bench: Bench, ref: Ref, call: Call, times: int = 1) -> Planned:
    seconds = SLOWLY if fault is Fault.SLOW else 1.0
    value = bench.values[1]
    return Planned(fault=fault, call=call, ref=ref, value=value, seconds=seconds, times=times)


def _plays(name: str, *faults: Fault) -> bool:
    return BENCHES[name][1].issuperset(faults)


def _struck(fault: Fault) -> Told:
    def trouble(name: str, bench: Bench, ref: Ref) -> Trouble | None:
        of_budget = ref == budget_of(name, bench)
        if not _plays(name, fault) or (fault is Fault.BUDGET_CHANGES and not of_budget):
            return None
        return at(Moment.CALL, fault, bench, ref, name)

    return trouble


def _lagging(times: int) -> Told:
    def trouble(name: str, bench: Bench, ref: Ref) -> Trouble | None:
        if not _plays(name, Fault.STALE_READS):
            return None
        planned = _planned(Fault.STALE_READS, bench, ref, Call.READ, times)
        return Trouble(faults={Moment.BACK: (planned,)})

    return trouble


def _truncated(name: str, bench: Bench, ref: Ref) -> Trouble | None:
    """Return that the first answer is cut, and the first one after the change."""
    if not _plays(name, Fault.TRUNCATED):
        return None
    planned = (_planned(Fault.TRUNCATED, bench, ref, Call.READ),)
    return Trouble(faults={Moment.READING: planned, Moment.BACK: planned})


def _renewed(fault: Fault) -> Told:
    def trouble(name: str, bench: Bench, ref: Ref) -> Trouble | None:
        if not bench.tokens or not _plays(name, fault, Fault.TOKEN_EXPIRED):
            return None
        expired = _planned(Fault.TOKEN_EXPIRED, bench, ref, Call.WRITE)
        return Trouble(faults={Moment.CALL: (expired, Planned(fault=fault, call=Call.TOKEN))})

    return trouble


def _restarting(fault: Fault) -> Told:
    async def restarted(bench: Bench) -> None:
        def struck() -> bool:
            done = fault not in DONE or bool(bench.platform.effects)
            return done and not len(bench.platform.faults)

        await until(struck, _WITHIN, "the fault to strike")
        await bench.platform.restart()

    def trouble(name: str, bench: Bench, ref: Ref) -> Trouble | None:
        told = _struck(fault)(name, bench, ref)
        return told and replace(told, beside=restarted)

    return trouble


def _below(name: str, bench: Bench, ref: Ref) -> Trouble | None:
    """Return that the value is less than the platform takes; Meta and Google tell so of budgets."""
    if isinstance(bench.platform, LinkedInSandbox):
        least = {"min": linkedin_parts.money("10")}
        limits = {"dailyBudgetLimits": least, "bidLimits": least}
        bench.platform.store.limits[ref.account_id] = limits
    of_bid = ref != budget_of(name, bench)
    return None if of_bid and name in {"meta", "google"} else Trouble(target=Decimal("0.02"))


def _shared(name: str, bench: Bench, ref: Ref) -> Trouble | None:
    """Return that others spend from the budget, too, or that it is that of a whole group."""
    platform = bench.platform
    if ref != budget_of(name, bench):
        return None
    if isinstance(platform, GoogleSandbox):
        platform.world.add_campaign(ACCOUNT, "12", explicitly_shared=True)
        return Trouble(ref=replace(ref, entity_id="12"))
    if isinstance(platform, LinkedInSandbox):
        money = linkedin_parts.money("500")
        platform.store.add_group("1", "3", dynamic=True, dailyBudget=money)
        group = "urn:li:sponsoredCampaignGroup:3"
        platform.store.add_campaign("1", "8", campaignGroup=group)
        return Trouble(ref=replace(ref, entity_id="8"))
    return None
