"""Logs that are made up by a law that the tests know."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from engine.arrays import Floats
from workers.backtest.events import Heap
from workers.backtest.files import Files, read_files
from workers.backtest.log import Log

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
DAY = np.exp(np.cos(2 * np.pi * (np.arange(24) - 19) / 24))
USUAL_BID = 2.0


@dataclass(frozen=True, kw_only=True)
class Law:
    """How a made-up campaign spends."""

    elasticity: float = 2.0
    bid_sd: float = 0.2
    """Of the log of its bid, from hour to hour."""
    noise: float = 0.1
    days: int = 14
    level: float = 40.0
    """Spend of a mean hour at the usual bid."""
    budget: float | None = None
    """Of a day; spend ends where it is used up."""


def lived(law: Law, seed: int) -> tuple[Floats, Floats]:
    """Return spend and bids, shapes (24 * days,)."""
    chance = np.random.default_rng(seed)
    hours = 24 * law.days
    u = chance.normal(0.0, law.bid_sd, hours)
    level = np.repeat(chance.normal(0.0, 0.1, law.days), 24) + chance.normal(0.0, law.noise, hours)
    spend = law.level * np.tile(DAY, law.days) / DAY.mean() * np.exp(level + law.elasticity * u)
    if law.budget is not None:
        running = np.minimum(spend.reshape(-1, 24).cumsum(axis=1), law.budget)
        spend = np.diff(running, axis=1, prepend=0.0).ravel()
    return spend, USUAL_BID * np.exp(u)


def log_of(laws: Sequence[Law], seed: int = 1) -> Log:
    """Return a log of one campaign for each law, all of as many days."""
    pairs = [lived(law, seed + number) for number, law in enumerate(laws)]
    spend, bid = (np.array(each) for each in zip(*pairs, strict=True))
    budgets = [np.nan if law.budget is None else law.budget for law in laws]
    return Log(
        campaigns=tuple(f"x:y:c{number}" for number in range(len(laws))),
        currencies=("EUR",) * len(laws),
        first_day=np.full(len(laws), (MONDAY.date() - datetime(1970, 1, 1).date()).days),  # noqa: DTZ001
        reported=np.ones(spend.shape, dtype=np.bool_),
        spend=spend,
        impressions=np.round(10.0 * spend) + 1.0,
        conversions=np.full(spend.shape, 2.0),
        bid=bid,
        day_budget=np.repeat(np.array(budgets)[:, None], spend.shape[1], axis=1),
    )


HEADER = (
    *("platform", "account_id", "campaign_id", "window_start", "impressions", "clicks", "spend"),
    *("conversions", "revenue", "currency", "current_bid", "daily_budget"),
)


def write_csv(path: Path, laws: Sequence[Law], *, seed: int = 1, money: float = 1.0) -> Path:
    """Write a log that the generic map fits; ``money`` is how many units one of its units is."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEADER)
        for number, law in enumerate(laws):
            spend, bid = lived(law, seed + number)
            for hour in range(len(spend)):
                start = f"{MONDAY + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"
                seen = int(10.0 * spend[hour]) + 1
                paid = f"{np.floor(spend[hour] * 1e4) / 1e4 * money:.6f}"
                context = f"{bid[hour] * money:.6f}", _budget(law, money)
                rows.writerow(
                    (
                        "google",
                        "1",
                        f"c{number}",
                        start,
                        seen,
                        seen // 9,
                        paid,
                        2,
                        0,
                        "EUR",
                        *context,
                    )
                )
    return path


def _budget(law: Law, money: float) -> str:
    return "" if law.budget is None else f"{law.budget * money:.2f}"


def heap_of(path: Path, *more: Path) -> Heap:
    """Read logs as the command does."""
    return read_files(Files(paths=(path, *more)), lambda _: None)
