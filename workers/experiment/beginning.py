"""Checks an experiment against what there is, before it is published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

import msgspec
from msgspec import structs

from schemas import (
    Actuator,
    CampaignKey,
    Design,
    Experiment,
    ExperimentStatus,
    SchemaError,
    Strategy,
    decode,
)
from workers.errors import UsageError
from workers.experiment.analysing import analysed
from workers.experiment.first_day import begun
from workers.experiment.model import Analysis
from workers.experiment.pairing import units
from workers.experiment.reading import ExperimentLog
from workers.optimizer.experiments import overridden, running
from workers.status.choosing import named

_HISTORY: Final = 56
"""Days before it that tell how much the campaigns' days differ anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An experiment as a person asks for it."""

    name: str
    campaigns: tuple[str, ...] = ()
    platform: str | None = None
    account: str | None = None
    pairs: tuple[str, ...] = ()
    """Each ``control=CAMPAIGN,treatment=CAMPAIGN``."""
    control: tuple[str, ...] = ()
    treatment: tuple[str, ...] = ()
    """Each ``FIELD=VALUE``."""
    start: date | None = None
    others: tuple[tuple[str, object], ...] = ()
    """Fields of the record as they are given."""


def wished(log: ExperimentLog, wish: Wish) -> Experiment:
    """Return the experiment that is asked for, checked against plans, metrics and experiments.

    Raises
    ------
    UsageError
        Names what is wrong, and what there is in its place.
    """
    if wish.name in log.experiments:
        known = log.experiments[wish.name]
        raise UsageError(
            f"experiment {wish.name} exists already, it is {known.status}",
            remedy="give this one another name: what was decided under the other goes by its own",
        )
    told = _read(log, wish)
    keys = _known(log, told)
    told = begun(log, told, keys, wish.start)
    _refuse_overlap(log, told, keys)
    return told


def warnings(log: ExperimentLog, told: Experiment) -> Iterator[str]:
    """Yield what may spoil an experiment."""
    plans = {key: log.plans[key] for unit in units(log, running(told)) for key in unit}
    shared = [bytes(key).decode() for key, plan in plans.items() if plan.budget_group_id]
    if shared:
        yield (
            f"{shared[0]} shares its budget with a group"
            + (
                f", and so {'do' if shared[2:] else 'does'} {len(shared) - 1} more"
                if shared[1:]
                else ""
            )
            + ": what one day saves another may spend, which no comparison sees"
        )
    for plan in plans.values():
        levers = {
            after.actuator or (Actuator.BID if after.strategy == Strategy.ADAPTIVE else "budget")
            for after in (overridden(plan, side) for side in (told.control, told.treatment))
        }
        if len(levers) > 1:
            yield (
                f"one side of {plan.key.decode()} sets bids and the other budgets: what the one "
                "set last stays in force on the days of the other"
            )
            return


def before_it(log: ExperimentLog, told: Experiment) -> Analysis:
    """Return how the days before an experiment differ from each other though nothing was tried."""
    first = date.fromordinal(max(told.start.toordinal() - _HISTORY, 1))
    last = date.fromordinal(max(told.start.toordinal() - 1, 1))
    usual = structs.replace(told, start=first, end=last, alpha=told.alpha)
    return analysed(log, usual)


def _read(log: ExperimentLog, wish: Wish) -> Experiment:
    pairs = [_pair(log, text) for text in wish.pairs]
    given: dict[str, object] = {
        "experiment_id": wish.name,
        "version": 1,
        "design": Design.HALVES if pairs else Design.SWITCHBACK,
        "campaigns": [_named(log, text) for text in wish.campaigns],
        "pairs": pairs,
        "control": _overrides(wish.control),
        "treatment": _overrides(wish.treatment),
        "start": (wish.start or date(2000, 1, 1)).isoformat(),
        "platform": wish.platform,
        "account_id": wish.account,
        **dict(wish.others),
    }
    try:
        return decode(msgspec.json.encode(_without_none(given)), Experiment)
    except UnicodeEncodeError as error:
        raise UsageError(f"{wish.name!a} is no text: give it another name") from error
    except SchemaError as error:
        raise UsageError(str(error)) from error


def _without_none(given: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in given.items() if value is not None}


def _overrides(given: Iterable[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UsageError(f"{text}: must be FIELD=VALUE, such as target_cpa=12")
        whole, _, part = name.partition(".")
        if part:
            inner = found.setdefault(whole, {})
            if isinstance(inner, dict):
                inner[part] = _value(value)
        else:
            found[name] = _value(value)
    return found


def _value(text: str) -> object:
    """Return a value as JSON would have it; what is none is text."""
    try:
        value: object = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    return value


def _pair(log: ExperimentLog, text: str) -> dict[str, str]:
    sides = dict(part.partition("=")[::2] for part in text.split(","))
    if set(sides) != {"control", "treatment"}:
        raise UsageError(f"--pair {text}: must be control=CAMPAIGN,treatment=CAMPAIGN")
    return {side: _named(log, name) for side, name in sides.items()}


def _named(log: ExperimentLog, text: str) -> str:
    every = [*dict.fromkeys((*log.plans, *log.delivered.campaigns()))]
    return bytes(named(every, text)).decode()


def _known(log: ExperimentLog, told: Experiment) -> list[CampaignKey]:
    """Return the campaigns of an experiment; each must have a plan and metrics."""
    keys = [key for unit in units(log, running(told)) for key in unit]
    delivering = set(log.delivered.campaigns())
    if not keys:
        there = sorted({f"{key.platform}:{key.account_id}" for key in log.plans})
        wanted = ":".join(filter(None, (told.platform, told.account_id)))
        raise UsageError(
            f"there is no campaign of {wanted}", remedy=f"there is {', '.join(there[:3]) or 'none'}"
        )
    for key in keys:
        name = bytes(key).decode()
        if key not in log.plans:
            raise UsageError(
                f"campaign {name} has no plan", remedy="publish one with: pacekeeper plans apply"
            )
        if key not in delivering:
            raise UsageError(
                f"no metrics of campaign {name} were ever reported",
                remedy="publish some first; what is not reported cannot be compared",
            )
    _refuse_zones(log, told)
    return keys


def _refuse_zones(log: ExperimentLog, told: Experiment) -> None:
    for pair in told.pairs:
        a, b = (
            log.plans[named(log.plans, each)].timezone for each in (pair.control, pair.treatment)
        )
        if a != b:
            raise UsageError(f"days of {pair.control} are of {a}, days of {pair.treatment} of {b}")


def _refuse_overlap(log: ExperimentLog, told: Experiment, keys: Iterable[CampaignKey]) -> None:
    end = told.end or date.max
    for other in log.experiments.values():
        over = other.end is not None and other.end < told.start
        if other.status == ExperimentStatus.STOPPED or over or other.start > end:
            continue
        shared = [key for key in keys if running(other).has(bytes(key))]
        if shared:
            raise UsageError(
                f"experiment {other.experiment_id} runs on {bytes(shared[0]).decode()} already",
                remedy=f"stop it first: pacekeeper experiment stop {other.experiment_id}",
            )
