"""What the broadcast topics said when a recommendation was made.

A recommendation names the sum of the versions of its priors, and nothing of conditions and of
records of experiments: the moment at which it was published tells the rest, and where it is near a
change, either side may be meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from schemas import Prior, SchemaError, account_key, decode
from schemas.condition import ConditionKind, condition_key, scopes_of
from schemas.keys import EVERYTHING, parse_campaign_key
from schemas.topics import CONDITIONS, EXPERIMENTS, PRIORS
from workers.delivery.loading import replay
from workers.explain.history import Entry, History, Published
from workers.optimizer.experiments import read_running
from workers.optimizer.policy import OptimizerPolicy

Told = Mapping[str, Mapping[bytes, bytes]]

_NEAR = 2
"""How many changes before and after its moment a recommendation may have known, or not known."""


class Broadcasts:
    """The broadcast topics, cut where a recommendation may have seen them."""

    def __init__(self, policy: OptimizerPolicy, history: History) -> None:
        """Keep what concerns the campaign of ``history``."""
        platform, account, _ = parse_campaign_key(history.key)
        pools = {EVERYTHING, platform.encode(), account_key(platform, account)}
        holds = {
            condition_key(scope, kind) for scope in scopes_of(history.key) for kind in ConditionKind
        }
        self._names = tuple(policy.topic(each) for each in (PRIORS, CONDITIONS, EXPERIMENTS))
        *logs, experiments = (history.broadcasts.get(name, ()) for name in self._names)
        self._priors, self._conditions = (
            [entry for entry in log if entry.record.key in keys]
            for log, keys in zip(logs, (pools, holds), strict=True)
        )
        self._experiments = _concerning(history.key, experiments)
        self._versions = _versions(self._priors)

    def seen(self, published: Published) -> Iterator[Told]:
        """Yield what ``published`` may have been made from, the most likely first."""
        at = published.entry.written
        logs = (self._priors, self._conditions, self._experiments)
        near = _near(self._experiments, at), _near(self._conditions, at)
        versions = self._with_version(published.advice.prior_version, at)
        for experiments, conditions, priors in product(*near, versions):
            cuts = zip(logs, (priors, conditions, experiments), strict=True)
            tables = (_table(log[:cut]) for log, cut in cuts)
            yield dict(zip(self._names, tables, strict=True))

    @property
    def change_states(self) -> bool:
        """Whether the state that is decided from may depend on them, as with an experiment."""
        return bool(self._experiments)

    def _with_version(self, version: int, at: int) -> list[int]:
        """Return how many priors were known: as many as add up to ``version``, else by time."""
        exact = [cut for cut, known in enumerate(self._versions) if known == version]
        return list(dict.fromkeys([*reversed(exact), *_near(self._priors, at)[:1]]))


def _concerning(campaign: bytes, log: Sequence[Entry]) -> list[Entry]:
    """Return all records of the experiments that the campaign ever took part in."""
    told = [(entry, read_running(entry.record.value or b"")) for entry in log]
    keys = {entry.record.key for entry, running in told if running and running.has(campaign)}
    return [entry for entry, _ in told if entry.record.key in keys]


def _near(log: Sequence[Entry], at: int) -> list[int]:
    """Return how many entries of a log may have been known at ``at``, the most likely first."""
    cut = sum(entry.written <= at for entry in log)
    steps = [0, *(sign * step for step in range(1, _NEAR + 1) for sign in (-1, 1))]
    return [cut + step for step in steps if 0 <= cut + step <= len(log)]


def _table(log: Sequence[Entry]) -> dict[bytes, bytes]:
    table: dict[bytes, bytes] = {}
    replay(table, [entry.record for entry in log])
    return table


def _versions(log: Sequence[Entry]) -> list[int]:
    """Return the sum of the versions known after 0, 1, ... entries of a log of priors."""
    known: dict[bytes | None, int] = {}
    sums = [0]
    for entry in log:
        known[entry.record.key] = _version_of(entry.record.value)
        sums.append(sum(known.values()))
    return sums


def _version_of(value: bytes | None) -> int:
    try:
        return 0 if value is None else decode(value, Prior).version
    except SchemaError:
        return 0
