"""How far each platform may exceed a daily budget: data, with where and when it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

NO_LIMIT: Final = 0
"""As the factor of a week or month: its days are all that limits it."""

OF_DAYS: Final = -1
"""As a month's factor: the budget times the days of the month."""

_MONDAY, _SUNDAY = 0, 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How far one platform may go; factors of the daily budget in hundredths."""

    day: int
    """What one day may come to."""
    week: int = NO_LIMIT
    """What a week may come to."""
    month: int = NO_LIMIT
    """What a month may come to."""
    week_begins: int = _MONDAY
    """Weekday, Monday is 0."""
    source: str
    read: str
    """When it was read and entered here, year and month."""


PLAIN: Final = Rule(day=100, source="no figure is known: the budget is taken for a cap", read="")
"""What holds for a platform that is not listed."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "google": Rule(
            day=200,
            month=3_040,
            source="Google Ads Help, 'About spending limits'; 'About average daily budgets'",
            read="2026-11",
        ),
        "meta": Rule(
            day=175,
            week=700,
            week_begins=_SUNDAY,
            source="Meta for Developers, Marketing API v24 release notes of October 2025",
            read="2026-11",
        ),
        "linkedin": Rule(
            day=150, source="third parties on LinkedIn Campaign Manager; unverified", read="2026-11"
        ),
        "microsoft": Rule(
            day=200,
            month=OF_DAYS,
            source="Microsoft Advertising Help 51019 ('usually' less than 100 % above)",
            read="2026-11",
        ),
        "tiktok": Rule(day=125, source="TikTok Business Help Center, 'Budget'", read="2026-11"),
        "amazon": Rule(
            day=125,
            month=OF_DAYS,
            source="Seller Central Help 201528510 (month); third parties (day), unverified",
            read="2026-11",
        ),
    }
)
"""Rules by platform; other spellings of a platform are given in `rules_of`."""

_ALIASES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "google_ads": "google",
        "facebook": "meta",
        "instagram": "meta",
        "bing": "microsoft",
        "microsoft_ads": "microsoft",
        "amazon_ads": "amazon",
    }
)


def rules_of(platforms: Sequence[str]) -> list[Rule]:
    """Return the rule of each platform, `PLAIN` where none is known; case does not count."""
    names = [name.casefold() for name in platforms]
    return [RULES.get(_ALIASES.get(name, name), PLAIN) for name in names]
