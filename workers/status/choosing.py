"""Which campaigns a person means, and what they may have meant where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from schemas import CampaignKey
from workers.errors import UsageError
from workers.report.choosing import nothing_told
from workers.status.model import CampaignStatus, Level

_NEAR: Final = 3
_ALIKE: Final = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which campaigns of all are wanted; None is any."""

    platform: str | None = None
    account: str | None = None
    risk: Level = Level.LOW
    """The least urgent that is listed."""
    limit: int | None = None
    """Most that are listed."""


def of_account(keys: Iterable[CampaignKey], filters: Filters) -> list[CampaignKey]:
    """Return the campaigns of the platform and account that are asked for.

    Raises
    ------
    UsageError
        There is none; it says which there are.
    """
    every = list(keys)
    if not every:
        raise nothing_told()
    found = [
        key
        for key in every
        if filters.platform in {None, key.platform} and filters.account in {None, key.account_id}
    ]
    if found:
        return found
    asked = {"platform": filters.platform, "account": filters.account}
    wanted = " and ".join(f"{name} {value}" for name, value in asked.items() if value)
    some = sorted({f"{key.platform}:{key.account_id}" for key in every})
    raise UsageError(f"there is no campaign of {wanted}", remedy=f"there is {_listed(some)}")


def listed(campaigns: Sequence[CampaignStatus], filters: Filters) -> list[CampaignStatus]:
    """Return the campaigns of enough risk, at most as many as are wanted."""
    risky = [each for each in campaigns if Level[each.risk.upper()] >= filters.risk]
    return risky[: filters.limit]


def named(keys: Iterable[CampaignKey], text: str) -> CampaignKey:
    """Return the campaign that ``text`` names, by its key or by as much of its end as is unique.

    Raises
    ------
    UsageError
        None is named so, or several are; it says which come near.
    """
    names = {bytes(key).decode(): key for key in keys}
    if not names:
        raise nothing_told()
    if text in names:
        return names[text]
    ends = [name for name in names if name.endswith(f":{text}")]
    if len(ends) == 1:
        return names[ends[0]]
    if ends:
        raise UsageError(f"{text} names several campaigns", remedy=f"they are {_listed(ends)}")
    near = _near(names, text)
    remedy = f"did you mean {_listed(near)}?" if near else "`pacekeeper status` lists all"
    raise UsageError(f"there is no campaign {text}", remedy=remedy)


def _near(names: Iterable[str], text: str) -> list[str]:
    """Return names that are alike, by the whole key or by its last part."""
    by_end = {name.rsplit(":", 1)[-1]: name for name in names}
    whole = get_close_matches(text, by_end.values(), n=_NEAR, cutoff=_ALIKE)
    return whole or [by_end[end] for end in get_close_matches(text, by_end, n=_NEAR, cutoff=_ALIKE)]


def _listed(names: Sequence[str]) -> str:
    some = ", ".join(names[:_NEAR])
    return f"{some} and {len(names) - _NEAR:,} more" if len(names) > _NEAR else some
