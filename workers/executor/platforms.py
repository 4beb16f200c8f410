"""Platforms as the executor's steps know them: whose accounts may be changed, and what can be set.

Steps ask no platform: what stands here is from the settings and the same for all partitions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from schemas.fields import Entity
from schemas.record import CampaignRecord
from workers.connectors.protocol import Lever
from workers.connectors.settings import AccountMode


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformTerms:
    """One platform."""

    accounts: Mapping[str, AccountMode]
    levers: Collection[tuple[Entity, Lever]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPlatforms:
    """All platforms that the settings name."""

    terms: Mapping[str, PlatformTerms] = field(default_factory=dict)

    def mode_of(self, subject: CampaignRecord) -> AccountMode | None:
        """Return what is done for the subject's account; None if the settings do not name it."""
        terms = self.terms.get(subject.platform)
        return terms.accounts.get(subject.account_id) if terms else None

    def can_set(self, subject: CampaignRecord, entity: Entity, lever: Lever) -> bool:
        """Return whether the subject's platform has the lever."""
        terms = self.terms.get(subject.platform)
        return terms is not None and (entity, lever) in terms.levers


def not_named(platform: str, account: str) -> str:
    """Return why nothing is done for an account, and what to do about it."""
    what = f"account {account} of {platform}"
    return f"{what} is not among those that may be changed: add it to executor.platforms"
