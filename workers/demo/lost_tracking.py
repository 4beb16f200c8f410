"""A tracking outage for the demo: for some hours an account's conversions are not counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from schemas import Condition, ConditionKind, Plan
from workers.demo.costs import Costs
from workers.simulator.population import Campaign
from workers.simulator.records import start_of
from workers.simulator.reports import Faults, Outage

ACCOUNT: Final = ("amazon", "A2E7QH4V9DE")
"""Whose conversions are lost; where the world has no such account, the first one's."""

FIRST, HOURS = 25, 12
"""The live hour from which they are lost, and for how long: what is usual is known by then, and
the demo goes on until all of it has been told after all."""

_EASY: Final = 3.0
"""Times its cost per conversion that a campaign's target is: one that does not bind."""


@dataclass(slots=True)
class LostTracking:
    """What is lost, and what was made of it.

    Its campaigns are held to a target, for those that are not are not watched: nothing of theirs is
    decided on conversions of the newest hours.
    """

    campaigns: Sequence[Campaign]
    live_from: int
    costs: Costs
    hour: int = 0
    """The hour that is being lived, in hours since 1970."""
    suspected: int | None = None
    """The hour at which the first outage of the account or its campaigns was told of."""
    lifted: int | None = None
    """The hour from which on there has been none."""
    _active: set[bytes] = field(init=False, default_factory=set)

    @property
    def account(self) -> tuple[str, str]:
        """Return platform and account of those whose conversions are lost."""
        accounts = [campaign.key[:2] for campaign in self.campaigns]
        return ACCOUNT if ACCOUNT in accounts else accounts[0]

    @property
    def outage(self) -> Outage:
        """Return which conversions are lost, and when."""
        first = self.live_from + FIRST
        rows = (at for at, each in enumerate(self.campaigns) if each.key[:2] == self.account)
        return Outage(start=first, end=first + HOURS, rows=frozenset(rows))

    @property
    def faults(self) -> Faults:
        """Return what the simulation is to play."""
        return Faults(tracking_outages=(self.outage,))

    def plan(self, row: int, plan: Plan) -> Plan:
        """Return a campaign's plan, with a target if its conversions are to be lost."""
        target = self.costs.target(row, _EASY)
        if row not in (self.outage.rows or ()) or target is None:
            return plan
        return replace(plan, target_cpa=target)

    def hear(self, condition: Condition) -> None:
        """Take in what was said of outages."""
        named = (condition.platform, condition.account_id) == self.account
        if condition.kind is not ConditionKind.OUTAGE or not named:
            return
        if condition.active:
            self._active.add(condition.key)
            self.suspected = self.hour if self.suspected is None else self.suspected
            self.lifted = None
        else:
            self._active.discard(condition.key)
            self.lifted = None if self._active else self.hour

    def facts(self, held: int) -> dict[str, Any] | None:
        """Return what became of it; nothing if it did not come to it. ``held`` are decisions."""
        if self.hour < self.outage.start:
            return None
        return {
            "account": ":".join(self.account),
            "since": start_of(self.outage.start),
            "until": start_of(self.outage.end),
            "suspected_after_hours": _hours(self.outage.start, self.suspected),
            "lifted_after_hours": _hours(self.outage.end, self.lifted),
            "held": held,
        }


def _hours(since: int, hour: int | None) -> int | None:
    """Return how many hours had gone by when ``hour`` was over."""
    return None if hour is None else hour + 1 - since


def sentence(facts: dict[str, Any]) -> str:
    """Return what became of the outage, for reading."""
    suspected, lifted = facts["suspected_after_hours"], facts["lifted_after_hours"]
    said = (
        f"Conversions of {facts['account']} were not counted for {HOURS} hours from "
        f"{facts['since']:%A %H:%M} UTC: "
    )
    if suspected is None:
        return said + "it was not noticed."
    said += f"suspected after {suspected} h, {facts['held']:,} decisions held "
    said += "so that no bid is cut for want of them, "
    if lifted is None:
        return said + "not lifted by the end."
    return said + f"lifted {lifted} h after they were counted again and learned like all others."
