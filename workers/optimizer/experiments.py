"""Experiments as they are broadcast, and the plans that their sides make of campaigns' own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from msgspec import structs

from engine import plans
from engine.arrays import Ints
from engine.experiments import turn
from schemas import Arm, Design, Experiment, Guardrails, Overrides, Plan, SchemaError, encode
from schemas import decode as decode_record
from workers.instants import day_number
from workers.optimizer.due import Assigned
from workers.optimizer.plan_rows import read_plan, stored


@dataclass(frozen=True, slots=True)
class Running:
    """An experiment, and whose it is by its names."""

    experiment: Experiment
    sides: Mapping[bytes, Arm | None]
    """Campaigns that are named, with their side where it is always the same."""
    scope: bytes
    """How the keys of its campaigns begin where none is named."""

    def has(self, campaign: bytes) -> bool:
        """Return whether a campaign takes part."""
        return campaign in self.sides or bool(self.scope and campaign.startswith(self.scope))

    def lasts(self, day: int, now: int) -> bool:
        """Return whether a local day is one of its days, for what is decided at ``now``."""
        told = self.experiment
        ended = told.end is not None and day > day_number(told.end)
        stopped = told.stopped_at is not None and now >= told.stopped_at.timestamp()
        return day_number(told.start) <= day and not ended and not stopped

    def arm(self, campaign: bytes, day: int) -> Arm:
        """Return the side that a campaign's local day is of."""
        side = self.sides.get(campaign)
        if side is not None:
            return side
        told = self.experiment
        since = day - day_number(told.start)
        treated = turn(told.experiment_id, campaign, since, told.block_days)
        return Arm.TREATMENT if treated else Arm.CONTROL

    def overrides(self, arm: Arm) -> Overrides:
        """Return what a side sets in place of plans'."""
        return self.experiment.treatment if arm is Arm.TREATMENT else self.experiment.control


class ExperimentBook:
    """Memo of experiments and of what they make of plans."""

    def __init__(self) -> None:
        """Begin empty; the memos are bounded."""
        self._running: Callable[[bytes], Running | None] = lru_cache(1_024)(read_running)
        self.effective: Callable[[bytes, Overrides], bytes] = lru_cache(16_384)(effective)

    def assigned(
        self, latest: Mapping[bytes, bytes], keys: Sequence[bytes], days: Ints, now: Ints
    ) -> tuple[list[tuple[Assigned, Overrides] | None], int]:
        """Return each campaign's side on its local day, and how many records cannot be read.

        One that cannot be read is no experiment.
        """
        told = [self._running(value) for value in latest.values()]
        known = sorted(
            (each for each in told if each is not None),
            key=lambda each: (each.experiment.start, each.experiment.experiment_id),
        )
        found = [
            _side(known, key, int(day), int(moment))
            for key, day, moment in zip(keys, days, now, strict=True)
        ]
        return found, sum(each is None for each in told)


def _side(
    known: Collection[Running], key: bytes, day: int, now: int
) -> tuple[Assigned, Overrides] | None:
    for each in known:
        if each.has(key) and each.lasts(day, now):
            arm = each.arm(key, day)
            return Assigned(each.experiment.experiment_id, arm.value), each.overrides(arm)
    return None


def read_running(value: bytes) -> Running | None:
    """Return the experiment of a record, None where it cannot be read."""
    try:
        return running(decode_record(value, Experiment))
    except SchemaError:
        return None


def running(told: Experiment) -> Running:
    """Return an experiment with the campaigns that it names."""
    sides: dict[bytes, Arm | None] = {name.encode(): None for name in told.campaigns}
    if told.design == Design.HALVES:
        for pair in told.pairs:
            sides[pair.control.encode()] = Arm.CONTROL
            sides[pair.treatment.encode()] = Arm.TREATMENT
    names = [name for name in (told.platform, told.account_id) if name is not None]
    scope = "".join(f"{name}:" for name in names).encode()
    return Running(told, sides, scope)


def effective(value: bytes, overrides: Overrides) -> bytes:
    """Return a stored plan with what a side of an experiment sets, in the same form."""
    plan = overridden(read_plan(value), overrides)
    return stored(plan, encode(plan), int(plans.unpack([value])["offset"][0]))


def overridden(plan: Plan, overrides: Overrides) -> Plan:
    """Return a plan with what a side of an experiment sets in place of its own."""
    given = {
        name: value
        for name in overrides.__struct_fields__
        if name != "guardrails" and (value := getattr(overrides, name)) is not None
    }
    if "target_cpa" in given or "target_roas" in given:
        given = {"target_cpa": None, "target_roas": None} | given
    if overrides.guardrails is not None:
        given["guardrails"] = tighter(plan.guardrails, overrides.guardrails)
    return structs.replace(plan, **given)


def tighter(own: Guardrails, other: Guardrails) -> Guardrails:
    """Return of each guard rail the one that allows less: no experiment lets more happen."""
    return Guardrails(
        max_change_pct=min(own.max_change_pct, other.max_change_pct),
        cooldown_minutes=max(own.cooldown_minutes, other.cooldown_minutes),
        max_changes_per_day=min(own.max_changes_per_day, other.max_changes_per_day),
        max_multiplier_step=_least(own.max_multiplier_step, other.max_multiplier_step),
        max_spend_step_pct=_least(own.max_spend_step_pct, other.max_spend_step_pct),
    )


def _least(*limits: float | None) -> float | None:
    return min((limit for limit in limits if limit is not None), default=None)
