"""A log as a case: its campaigns in draws of what the log does not say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from engine.arrays import Floats, Ints
from workers.backtest.as_logged import AsLogged
from workers.backtest.contest import Case, Part
from workers.backtest.contract import Task
from workers.backtest.fit import Fit, middle
from workers.backtest.model import Draws, LogMarket, markets
from workers.backtest.replay import play
from workers.backtest.study import Study
from workers.backtest.teaching import taught

ROWS: Final = 2_000
"""Most rows that are played at once."""

_ELASTICITY: Final = 1.5
"""Taken where none was learned, for what an hour would have spent at the usual bid."""


def case_of(study: Study, drawn: Draws) -> Case:
    """Return the case of a log."""
    count, hours = study.log.spend.shape
    return Case(
        campaigns=study.log.campaigns,
        scored=study.scored,
        draws=len(drawn.elasticity),
        parts=partial(_parts, study, drawn),
        row_hours=count * hours * len(drawn.elasticity),
    )


def _parts(study: Study, drawn: Draws) -> Iterator[Part]:
    draws = len(drawn.elasticity)
    shapes = taught(_sizes(study), study.log.lived & ~study.scored, study.log.weekdays)
    at_once = max(ROWS // draws, 1)
    for first in range(0, len(study.log.campaigns), at_once):
        campaigns = slice(first, min(first + at_once, len(study.log.campaigns)))
        chosen = np.arange(campaigns.start, campaigns.stop)
        rows = np.repeat(chosen, draws)
        market = market_of(study, chosen, drawn)
        value, spend = _repeated(study, market, rows)
        yield Part(
            market=market,
            budget=study.budget[rows],
            first=_first(study)[rows],
            best=market.best(study.budget[rows]),
            conversions=study.log.conversions[rows].sum(axis=1) / value,
            repeated=spend / study.log.spend[rows].sum(axis=1),
            shapes=shapes.of(rows),
            campaigns=campaigns,
            draws=slice(0, draws),
        )


def market_of(study: Study, chosen: Ints, drawn: Draws) -> LogMarket:
    """Return the market of some campaigns, (B,): row ``b * N + n`` is campaign b in draw n."""
    names = ("u", "usual", "elasticity", "error", "varied", "answered")
    fitted: Fit = replace(
        study.fitted, **{name: getattr(study.fitted, name)[chosen] for name in names}
    )
    return markets(study.log.of(chosen), fitted, study.cut[chosen], drawn)


def _sizes(study: Study) -> Floats:
    """Return what each hour would have spent at the usual bid, (B, H)."""
    fitted = study.fitted
    told = np.where(np.isnan(fitted.elasticity), _ELASTICITY, fitted.elasticity)
    seen = study.log.spend * np.exp(-told[:, None] * fitted.u)
    return np.where(study.cut, np.maximum(fitted.usual, study.log.spend), seen)


def _first(study: Study) -> Floats:
    """Return the multiplier (B,) that is usual in the days that teach: later ones are unknown."""
    teaching = np.repeat(study.log.lived & ~study.scored, 24, axis=1) & ~study.cut
    spend = study.log.spend * teaching
    return np.array(
        [
            np.exp(middle(u, weights)) if weights.any() else 1.0
            for u, weights in zip(study.fitted.u, spend, strict=True)
        ]
    )


def _repeated(study: Study, market: LogMarket, rows: Ints) -> tuple[Floats, Floats]:
    """Return the value and the spend (R,) of bidding, and ending, as the log did."""
    u, spend = study.fitted.u[rows], study.log.spend[rows]
    task = Task(budget=study.budget[rows], multiplier=np.ones(len(rows)))
    scores = play(market, task, AsLogged(u, spend), stops=False)
    return scores.value.sum(axis=1), scores.spend.sum(axis=1)
