"""Reports of a campaign whose market is known, as a file and as events."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from schemas import AuditEntry, MetricsEvent, Plan, encode
from schemas.topics import METRICS
from tests.workers.optimizer.world import NAMES
from workers.explain.synthetic import Made
from workers.instants import to_ms
from workers.whatif.gathering import Gathered, gathered

KEY = b"google:7:42"
START = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """Spend of an hour is ``spend * multiplier ** elasticity``; a conversion costs ``cost``."""

    days: int = 21
    spend: float = 20.0
    elasticity: float = 1.5
    cost: float = 8.0
    vary: float = 0.2
    seed: int = 0
    revenue: float = 0.0

    def events(self, **fields: Any) -> list[MetricsEvent]:  # noqa: ANN401 -- fields of a record
        """Return one report of each hour, told five minutes after it."""
        chance = np.random.default_rng(self.seed)
        found = []
        for number in range(24 * self.days):
            log_multiplier = chance.normal(0.0, self.vary) if self.vary else 0.0
            noise = chance.normal(0.0, 0.1)
            spend = self.spend * np.exp(self.elasticity * log_multiplier + noise)
            count = int(chance.poisson(spend / self.cost))
            given: dict[str, Any] = {
                **NAMES,
                "window_start": START + timedelta(hours=number),
                "impressions": 5_000,
                "clicks": 500,
                "spend": Decimal(f"{spend:.2f}"),
                "conversions": Decimal(count),
                "revenue": Decimal(f"{self.revenue * count:.2f}"),
                "current_bid": Decimal(f"{np.exp(log_multiplier):.6f}"),
                "currency": "EUR",
                "emitted_at": START + timedelta(hours=number, minutes=65),
            }
            found.append(MetricsEvent(**(given | fields)))
        return found


def of_events(
    events: list[MetricsEvent],
    plan: Plan | None = None,
    audit: Sequence[AuditEntry] = (),
    *,
    live: bool = True,
) -> Gathered:
    """Return a campaign by its events, each written when it says that it was emitted."""
    name = METRICS.full_name()
    records = [
        Made(name, 0, to_ms(event.emitted_at or event.window_start), KEY, encode(event))
        for event in events
    ]
    return gathered(KEY, plan, records, audit, live=live)


def as_csv(path: Path, events: list[MetricsEvent]) -> Path:
    """Write events as a file that the generic map reads."""
    names = (*NAMES, "window_start", "impressions", "clicks", "spend", "conversions", "revenue")
    names = (*names, "current_bid", "currency")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for event in events:
            cells = (getattr(event, name) for name in names)
            writer.writerow(
                [f"{cell:%FT%TZ}" if isinstance(cell, datetime) else cell for cell in cells]
            )
    return path
