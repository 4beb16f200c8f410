"""The reasons of each decision of a batch: the main one first, then what else is worth knowing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np

from engine.calendar import HOUR
from engine.holds import NONE, ORDER
from engine.policy import CLAMPED
from engine.reallocation import because
from engine.steering import BINDING
from schemas import HoldReason
from schemas.topics import PLANS
from workers.optimizer import explaining
from workers.optimizer.deciding import Decided
from workers.optimizer.explaining import NOT_REPORTED, Evidence
from workers.optimizer.json_columns import DIGITS, Money
from workers.optimizer.policy import OptimizerPolicy

_SLOWED: Final = ("multiplier_slowed", "spend_slowed")
"""Codes of what limits of speed do, in the order of `engine.ruling.SPEEDS`."""


class Reasons:
    """Says why, campaign by campaign."""

    def __init__(self, policy: OptimizerPolicy, decided: Decided) -> None:
        """Prepare to explain what was ``decided``."""
        made, due = decided.decisions, decided.due
        money = Money(due.plans["exponent"])
        self._plans_topic = policy.topic(PLANS)
        self._due = due
        self._made = made
        self._money = money
        self._hold = made.hold.tolist()
        self._pace = np.round(made.outlook.index, DIGITS).tolist()
        self._left = money.plain(made.horizon.left)
        self._in_flight = money.plain(made.horizon.in_flight)
        noted = made.unmet | made.horizon.short | (made.unplaced > 0) | (made.binding > 0)
        noted |= made.reach.before_target | made.reach.hour_aside | (made.moved > 0)
        noted |= (made.speeds == CLAMPED).any(axis=1)
        noted |= made.steers & (made.explored.moved != 0.0)
        self._noted = (noted & made.acts & (made.hold == NONE)).tolist()
        self._unheard = (made.acts & (due.hour > due.campaigns["newest"] + HOUR)).tolist()

    def of(self, i: int) -> list[Evidence]:
        """Return the reasons of decision ``i``."""
        if self._hold[i] == NONE:
            evidence = {"left": self._left[i], "in_flight": self._in_flight[i]}
            main = explaining.pace(self._pace[i], evidence)
        else:
            reason = ORDER[self._hold[i]]
            main = explaining.hold(reason, _EVIDENCE.get(reason, _nothing)(self, i))
        notes = self._notes(i) if self._noted[i] else []
        if self._unheard[i]:
            notes.append(explaining.note(NOT_REPORTED, self.lag(i)))
        arm = self._due.arms[i]
        if arm is not None:
            notes.append(explaining.arm(arm.experiment, arm.arm))
        return [main, *notes]

    def _notes(self, i: int) -> list[Evidence]:
        made, notes = self._made, []
        if made.unmet[i]:
            notes.append(explaining.note("minimum_unmet", {"hours": int(made.clock.hours[i])}))
        if made.horizon.short[i]:
            evidence = {
                "left": self._left[i],
                "needed": self._money.writers[i](int(made.horizon.minimums.ahead[i])),
            }
            notes.append(explaining.note("daily_minimum_unmet", evidence))
        if made.unplaced[i]:
            unspent = self._money.writers[i](int(made.unplaced[i]))
            notes.append(explaining.note("maximum_binds", {"unspent": unspent}))
        if made.binding[i]:
            notes.append(explaining.note(f"{BINDING[made.binding[i]]}_binds", {}))
        if made.reach.before_target[i]:
            notes.append(explaining.note("minimum_before_target", self._asked(i)))
        if made.reach.hour_aside[i]:
            notes.append(explaining.note("hourly_minimum_out_of_reach", {}))
        if made.steers[i] and made.explored.moved[i]:
            notes.append(explaining.note("exploring", self._explored(i)))
        return notes + self._within_day(i)

    def _within_day(self, i: int) -> list[Evidence]:
        made = self._made
        slowed = zip(_SLOWED, made.speeds[i].tolist(), strict=True)
        notes = [explaining.note(code, {}) for code, state in slowed if state == CLAMPED]
        if made.moved[i]:
            code, evidence = because(made.today, int(made.moved[i]), i)
            moved = self._money.writers[i](int(made.moved[i]))
            notes.append(explaining.note(code, {**evidence, "moved": moved}))
        return notes

    def _asked(self, i: int) -> Evidence:
        reach, write = self._made.reach, self._money.writers[i]
        return {
            "needed": write(int(reach.needed[i])),
            "within_target": write(int(reach.within_target[i])),
        }

    def _explored(self, i: int) -> Evidence:
        explored, write = self._made.explored, self._money.writers[i]
        return {
            "factor": round(float(np.exp(explored.moved[i])), DIGITS),
            "cost": write(int(explored.cost[i])),
            "spent": write(int(explored.used[i])),
            "reserve": write(int(explored.total[i])),
        }

    def targets(self, i: int) -> Evidence:
        """Return how far the minimum and the target of decision ``i`` can be kept."""
        write = self._money.writers[i]
        return {
            "minimum": write(int(self._due.plans["daily_floor"][i])),
            "market": write(int(self._made.reach.market[i])),
            **self._asked(i),
        }

    def minimums(self, i: int) -> Evidence:
        """Return what the minimums of decision ``i`` need, of what."""
        least, write = self._made.horizon.minimums, self._money.writers[i]
        return {"needed": write(int(least.needed[i])), "available": write(int(least.available[i]))}

    def topic(self, _: int) -> Evidence:
        """Return where plans are published."""
        return {"topic": self._plans_topic}

    def currencies(self, i: int) -> Evidence:
        """Return the currencies of decision ``i``."""
        campaign, plan = self._due.campaigns[i], self._due.plans[i]
        return {
            "ledger": campaign["currency"].decode(),
            "plan": plan["currency"].decode(),
            "event": (campaign["disputed"] or campaign["currency"]).decode(),
        }

    def zones(self, i: int) -> Evidence:
        """Return the time zones of decision ``i``."""
        return {
            "plan": self._due.plans["zone"][i].decode(),
            "account": self._due.campaigns["account_zone"][i].decode(),
        }

    def lag(self, i: int) -> Evidence:
        """Return how old the data of decision ``i`` were."""
        lag = self._due.now[i] - self._made.clock.reported_until[i]
        return {"hours": max(int(lag), 0) // HOUR}

    def standing(self, i: int) -> Evidence:
        """Return what was spent of what, for decision ``i``."""
        write, horizon = self._money.writers[i], self._made.horizon
        return {
            "spent": write(int(horizon.spent[i])),
            "allowance": write(int(horizon.allowance[i])),
            "in_flight": self._in_flight[i],
        }

    def confidence(self, i: int) -> Evidence:
        """Return how much was known for decision ``i``."""
        return {"confidence": round(float(self._made.confidence[i]), DIGITS)}


def _nothing(_reasons: Reasons, _i: int) -> Evidence:
    return {}


_EVIDENCE: Final[Mapping[HoldReason, Callable[[Reasons, int], Evidence]]] = MappingProxyType(
    {
        HoldReason.NO_PLAN: Reasons.topic,
        HoldReason.CURRENCY_MISMATCH: Reasons.currencies,
        HoldReason.TIMEZONE_MISMATCH: Reasons.zones,
        HoldReason.STALE_DATA: Reasons.lag,
        HoldReason.BUDGET_GONE: Reasons.standing,
        HoldReason.INFEASIBLE_MINIMUM: Reasons.minimums,
        HoldReason.TOO_LITTLE_DATA: Reasons.confidence,
        HoldReason.CONFLICTING_TARGETS: Reasons.targets,
    }
)
"""The numbers behind a hold, where there are any."""
