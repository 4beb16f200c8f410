"""The past of a world: hours played under the platform's own delivery, told as they stand now."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from workers.simulator.clearing import Policy
from workers.simulator.market import UNITS, expected_spend
from workers.simulator.population import World
from workers.simulator.reports import Report
from workers.simulator.shapes import HOURS_PER_WEEK


def platform_delivery(world: World) -> Policy:
    """Return what a platform does with a day budget and no advice: it spreads it over all traffic.

    Each campaign takes part in the share of auctions that spends its day budget on an average day,
    as platforms do under "standard delivery".
    """
    possible = expected_spend(world.market).sum(axis=1) * 24 / HOURS_PER_WEEK / UNITS
    wanted = np.array([float(campaign.day_budget) for campaign in world.campaigns])
    return Policy.throttled(np.minimum(wanted / possible, 1.0))


def as_it_stands(reports: Iterable[Report]) -> list[Report]:
    """Return only the last word on each campaign-hour, oldest hours first: a backfill."""
    latest: dict[tuple[int, int], Report] = {}
    for report in reports:
        known = latest.get((report.hour, report.row))
        if known is None or report.revision >= known.revision:
            latest[report.hour, report.row] = report
    return [latest[place] for place in sorted(latest)]
