"""Makes the picture of a demo on its way."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from schemas.zones import zone
from workers.demo.result import Counts
from workers.demo.screen import AccountNow, Picture
from workers.events import recommendation_line
from workers.simulator.records import start_of

if TYPE_CHECKING:
    from workers.demo.stage import Stage


def picture_of(stage: Stage, hour: int) -> Picture:
    """Return what is to be seen once ``hour`` has been played and the next one decided."""
    script = stage.script
    accounts: dict[tuple[str, str], list[int]] = {}
    for row, campaign in enumerate(script.world.campaigns):
        accounts.setdefault(campaign.key[:2], []).append(row)
    return Picture(
        time=start_of(hour + 1),
        hour=hour + 1 - script.live_from,
        hours=script.live_hours,
        accounts=[_account(stage, members, hour) for members in accounts.values()],
        counts=counts_of(stage),
        latest=in_words(stage.loop.latest) if stage.loop.latest else "",
    )


def counts_of(stage: Stage) -> Counts:
    """Return what has gone over the topics so far."""
    loop = stage.loop
    return Counts(
        events=stage.events,
        recommendations=loop.recommendations.total(),
        holds=dict(loop.holds.most_common()),
        actions=loop.actions,
        audit=dict(loop.audit.most_common()),
    )


def in_words(stored: bytes) -> str:
    """Return a stored recommendation as one line: of whom, from what to what."""
    line = recommendation_line(stored)
    return f"{line.campaign}  {line.detail}"


def _account(stage: Stage, members: list[int], hour: int) -> AccountNow:
    campaigns, score, planned = stage.script.world.campaigns, stage.score, stage.loop.planned
    first = campaigns[members[0]]
    return AccountNow(
        name=f"{first.key.platform} {first.key.account_id}",
        currency=first.currency,
        local_time=start_of(hour + 1).astimezone(zone(first.timezone)),
        budget=sum((campaigns[row].day_budget for row in members), Decimal(0)),
        spent=sum((score.spent_today(row) for row in members), Decimal(0)),
        next_hour=sum((planned.get(campaigns[row].key, Decimal(0)) for row in members), Decimal(0)),
        conversions=int(score.conversions[members].sum()),
        conversions_even=int(score.conversions_even[members].sum()),
    )
