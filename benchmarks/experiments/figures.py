"""The figures of experiments: wrong verdicts under daily peeking, and what is found."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

import numpy as np

from benchmarks.bench import Bench
from benchmarks.experiments.world import ACCOUNTS, DAYS, DESIGNS, EXPERIMENTS, Account, Floats
from benchmarks.figure import NotMeasurable, reckoned
from engine.confidence_sequences import Mixture, sequence

ALPHA: Final = 0.05
_LIFT: Final = 1.02
_SEED: Final = 17


def rejected(observations: Floats) -> float:
    """Return the share of experiments in which the interval ever leaves 0, looked at every day."""
    planned = observations.shape[1]
    known = sequence(observations, Mixture(alpha=ALPHA, tuned=planned / 2.0))
    return float(known.differs.any(axis=1).mean())


def rejected_by_t(observations: Floats) -> float:
    """Return the same of a t-test, with the same burn-in."""
    from scipy.special import stdtrit  # noqa: PLC0415 -- only `make bench` installs it

    known = sequence(observations, Mixture(alpha=ALPHA))
    freedom = np.maximum(known.count - 1, 1)
    critical = stdtrit(freedom, 1.0 - ALPHA / 2.0)
    score = np.abs(known.estimate) * np.sqrt(np.maximum(known.count, 1))
    return float((known.told & (score > critical * known.deviation)).any(axis=1).mean())


def _false_alarms(bench: Bench) -> float:
    """Return the worst share of wrong verdicts of all designs and accounts; say all of them."""
    if find_spec("scipy") is None:
        raise NotMeasurable("needs scipy, which `make bench` installs")
    shares = []
    for name, design in DESIGNS.items():
        for account in ACCOUNTS:
            observations = design(account, 1.0, _SEED)
            shares.append(rejected(observations))
            by_t = rejected_by_t(observations)
            bench.say(f"{_named(name, account)}: {shares[-1]:.3f}; t-test every day {by_t:.3f}")
    _power(bench)
    return max(shares)


def _power(bench: Bench) -> None:
    """Say how often 2 % more are found, of no promise: it is up to the account."""
    for name, design in DESIGNS.items():
        for account in ACCOUNTS:
            found = rejected(design(account, _LIFT, _SEED + 1))
            bench.say(f"{_named(name, account)}: +2 % is found in {found:.2f}")


def _named(design: str, account: Account) -> str:
    return f"{design}, {account.campaigns} campaigns, {account.rate:.0f} conversions a day each"


FIGURES: Final = (
    reckoned(
        "experiment_false_alarms",
        (ALPHA, "of experiments", "lower"),
        f"wrong verdicts of {EXPERIMENTS:,} experiments of {DAYS} days without an effect, looked "
        "at every day; the worst design and account",
        _false_alarms,
    ),
)
