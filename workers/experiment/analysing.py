"""Compares the sides of an experiment by what was reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.arrays import Floats
from engine.confidence_sequences import Mixture, sequence
from engine.experiment_power import NEVER, detectable, needed
from engine.experiments import log_ratios, together
from schemas import Arm, Design, Experiment, Overrides, encode
from schemas.experiment import USUAL_DAYS
from workers.experiment.model import Analysis, CampaignPairs, Reach, SideTotal, Verdict
from workers.experiment.pairing import SIDES, Comparison, Paired, days_of_pair
from workers.experiment.reading import ExperimentLog
from workers.instants import from_seconds
from workers.optimizer.experiments import running

EFFECTS: Final = (0.01, 0.02, 0.05, 0.10, 0.20)
"""Effects of which it is said how long they take."""

_LARGEST: Final = 700.0
"""Largest log whose number is still finite."""

_ENOUGH: Final = 4
"""Observations from which their spread is worth reckoning with."""


def analysed(log: ExperimentLog, told: Experiment) -> Analysis:
    """Return what is known of an experiment by what its campaigns' log says now."""
    comparison = Comparison.of(log, running(told))
    pairs = comparison.pairs()
    ratios, observations = _observations(told, pairs)
    reports = comparison.as_of if log.delivered.campaigns() else None
    return Analysis(
        experiment_id=told.experiment_id,
        status=str(told.status),
        design=str(told.design),
        metric=str(told.metric),
        alpha=told.alpha,
        start=told.start,
        end=told.end,
        stopped_at=told.stopped_at,
        by=told.by,
        why=told.why,
        as_of=None if reports is None else from_seconds(reports),
        days=ratios.shape[1] * days_of_pair(told),
        planned_days=planned_days(told),
        verdict=_verdict(told, observations),
        sides=tuple(_total(told, arm, pairs) for arm in SIDES),
        campaigns=tuple(map(_campaign, pairs, ratios)),
    )


def planned_days(told: Experiment) -> int:
    """Return for how many days an experiment was planned when it began."""
    return USUAL_DAYS if told.end is None else (told.end - told.start).days + 1


def mixture_of(told: Experiment) -> Mixture:
    """Return what its interval is tuned to: half of the pairs that were planned."""
    pairs = planned_days(told) / days_of_pair(told)
    return Mixture(alpha=told.alpha, tuned=max(pairs / 2.0, 1.0))


def _observations(told: Experiment, pairs: Sequence[Paired]) -> tuple[Floats, Floats]:
    """Return the log ratios of each unit (B, N), and one observation per pair from all (N,)."""
    shape = len(pairs), max((len(each.hours) for each in pairs), default=0)
    ratios = np.array([_ratios(told, each) for each in pairs]).reshape(shape)
    weights = np.array([each.sums[0].sum(axis=0) for each in pairs]).reshape(shape)
    return ratios, together(ratios, weights)


def _ratios(told: Experiment, pairs: Paired) -> Floats:
    mine, theirs = (pairs.side(arm, metric=told.metric) for arm in (Arm.TREATMENT, Arm.CONTROL))
    return np.asarray(log_ratios(mine, theirs)[0])


def _verdict(told: Experiment, observations: Floats) -> Verdict:
    """Return what is known after the last observation."""
    mixture = mixture_of(told)
    known = sequence(observations[None], mixture)
    count = int(known.count[0, -1]) if known.count.size else 0
    if not count:
        return Verdict(observations=0, least_observations=mixture.burn_in)
    mean, width = float(known.estimate[0, -1]), float(known.half_width[0, -1])
    over = bool(known.told[0, -1])
    p_value, deviation = float(known.p_value[0, -1]), float(known.deviation[0, -1])
    return Verdict(
        observations=count,
        least_observations=mixture.burn_in,
        estimate=_factor(mean),
        low=_factor(mean - width) if over else None,
        high=_factor(mean + width) if over else None,
        p_value=p_value,
        e_value=float(np.exp(min(known.log_evidence[0, -1], _LARGEST))),
        differs=bool(known.differs.any()),
        detectable=_detectable(told, deviation, mixture) if count >= _ENOUGH else None,
        reach=_reach(told, deviation, mixture) if count >= _ENOUGH else (),
    )


def _reach(told: Experiment, deviation: float, mixture: Mixture) -> tuple[Reach, ...]:
    effects = np.log1p(EFFECTS)
    pairs = needed(np.full(len(effects), deviation), effects, mixture).tolist()
    length = days_of_pair(told)
    days = [None if each == NEVER else each * length for each in pairs]
    return tuple(Reach(effect=a, days=b) for a, b in zip(EFFECTS, days, strict=True))


def _detectable(told: Experiment, deviation: float, mixture: Mixture) -> float | None:
    planned = planned_days(told) // days_of_pair(told)
    if planned < mixture.burn_in:
        return None
    return _factor(float(detectable(np.array([deviation]), np.array([planned]), mixture)[0]))


def _factor(log: float) -> float:
    return float(np.expm1(np.clip(log, -_LARGEST, _LARGEST)))


def _total(told: Experiment, arm: Arm, pairs: Sequence[Paired]) -> SideTotal:
    sums = sum((each.sums[:, SIDES.index(arm)].sum(axis=-1) for each in pairs), np.zeros(3))
    block = 1 if told.design == Design.HALVES else told.block_days
    overrides = told.treatment if arm is Arm.TREATMENT else told.control
    return SideTotal(
        side=arm.value,
        sets=sets(overrides),
        campaign_days=sum(int((each.hours > 0).sum()) for each in pairs) * block,
        conversions=float(sums[0]),
        value=float(sums[1]),
        cost=float(sums[2]),
    )


def sets(overrides: Overrides) -> str:
    """Return what a side sets, as a person writes it."""
    text = encode(overrides).decode().strip("{}").replace('"', "")
    return text.replace(":", " ").replace(",", ", ").replace("{", "").replace("}", "")


def _campaign(pairs: Paired, ratios: Floats) -> CampaignPairs:
    told = ratios[~np.isnan(ratios)]
    return CampaignPairs(
        campaign=pairs.name,
        log_ratios=tuple(None if np.isnan(each) else float(each) for each in ratios),
        lift=_factor(float(told.mean())) if told.size else None,
    )
