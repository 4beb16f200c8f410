"""What platforms take of multipliers beside a bid: ranges, steps and stretches of hours, as data.

Platforms that are not named take none, or none that their public documentation tells of. Under a
platform's own bidding most of them do nothing; bids are not advised there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from engine.bid_multipliers import Taken
from schemas import MultiplierKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """What a platform takes of one kind of multiplier."""

    taken: Taken
    most: int
    """Most multipliers of the kind; of hours, stretches of a day."""


_PER_CENT: Final = 0.01
_TENTH_TO_TEN: Final = Taken(low=0.1, high=10.0, step=_PER_CENT)
_RAISES_ONLY: Final = Taken(low=1.0, high=10.0, step=_PER_CENT)
_MOST: Final = 100

PLATFORMS: Final[Mapping[str, Mapping[MultiplierKind, Takes]]] = MappingProxyType(
    {
        # Google Ads API: AdGroupBidModifier.bid_modifier and CampaignCriterion.bid_modifier take
        # 0.1 to 10.0; AdScheduleInfo: no more than six schedules on one day.
        "google": {
            MultiplierKind.DEVICE: Takes(taken=_TENTH_TO_TEN, most=_MOST),
            MultiplierKind.HOUR: Takes(taken=_TENTH_TO_TEN, most=6),
        },
        # Microsoft Advertising API: BidMultiplier.Multiplier takes -90 to 900 per cent in whole
        # numbers; DayTimeCriterion: seven a day at most.
        "microsoft": {
            MultiplierKind.DEVICE: Takes(taken=_TENTH_TO_TEN, most=_MOST),
            MultiplierKind.HOUR: Takes(taken=_TENTH_TO_TEN, most=7),
        },
        # Amazon Ads API, Sponsored Products: dynamicBidding.placementBidding.percentage takes 0 to
        # 900 per cent more: a placement can only be bid up.
        "amazon": {MultiplierKind.PLACEMENT: Takes(taken=_RAISES_ONLY, most=_MOST)},
    }
)
"""By platform, as records name it, what it takes of each kind."""
