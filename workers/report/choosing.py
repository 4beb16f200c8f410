"""Which campaigns a report shows one by one."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import CampaignKey
from workers.errors import UsageError
from workers.report.model import Wishes
from workers.report.totals import Campaigns


def chosen(campaigns: Campaigns, wishes: Wishes) -> list[CampaignKey]:
    """Return at most ``wishes.most`` campaigns: those of most spend, currencies taking turns.

    Amounts of different currencies cannot be compared, so the largest of each comes first, then
    the second of each, and so on.
    """
    wanted = [key for key in campaigns if _is_wished(key, wishes.campaigns)]
    spend = {key: float(campaigns[key][1].spend.sum()) for key in wanted}
    ranked = sorted(wanted, key=lambda key: (-spend[key], key))
    place: dict[str, int] = {}
    turns = []
    for key in ranked:
        currency = campaigns[key][0].currency
        place[currency] = place.get(currency, 0) + 1
        turns.append((place[currency], currency, key))
    return [key for _, _, key in sorted(turns)[: wishes.most]]


def nothing_told() -> UsageError:
    """Return what to say where the topics hold no hour of any campaign that can be read."""
    remedy = "publish metrics first, and see that broker and topics.prefix are those they are in"
    return UsageError("no campaign has reported an hour", remedy=remedy)


def _is_wished(key: CampaignKey, texts: Sequence[str]) -> bool:
    name = bytes(key).decode()
    return not texts or any(text in name for text in texts)
