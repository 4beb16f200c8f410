"""Which past changes are meant, of all that the audit trail tells."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.audit import CHANGED, AuditEntry, AuditStatus
from schemas.keys import CampaignKey, parse_campaign_key
from schemas.plan import Plan
from workers.errors import UsageError
from workers.record_ids import WHOLE, checked_prefix
from workers.status.choosing import named

_TELLS: Final = CHANGED | {AuditStatus.UNVERIFIED}
"""Statuses of what has changed something, or may have."""


class Released(StrEnum):
    """Who let a change go."""

    POLICY = "policy"
    PERSON = "person"


class Ids:
    """Ids of actions as people write them: whole, or as much of each as is unique."""

    def __init__(self, texts: Iterable[str]) -> None:
        given = dict.fromkeys(checked_prefix(text, "action") for text in texts)
        self._found: dict[str, set[str]] = {text: set() for text in given}
        self._cut = tuple(text for text in given if len(text) < WHOLE)

    def __bool__(self) -> bool:
        return bool(self._found)

    def has(self, action_id: str) -> bool:
        """Return whether an action is meant, and keep in mind that it was met."""
        begins = [text for text in self._cut if action_id.startswith(text)]
        if action_id in self._found:
            begins.append(action_id)
        for text in begins:
            self._found[text].add(action_id)
        return bool(begins)

    def unmet(self) -> list[str]:
        """Return what no action was met of.

        Raises
        ------
        UsageError
            What was written begins several ids.
        """
        for text, found in self._found.items():
            if len(found) > 1:
                some = ", ".join(sorted(found)[:5])
                raise UsageError(f"{text} begins several ids: {some}", remedy="give more of it")
        return [text for text, found in self._found.items() if not found]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is chosen; None, or no id, is any."""

    ids: Ids = field(default_factory=lambda: Ids(()))
    platform: str | None = None
    account: str | None = None
    campaigns: Collection[bytes] | None = None
    field: str | None = None
    released: Released | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    roll_backs: bool = False
    """Whether roll-backs are meant, which are then done again, and not what they had undone."""

    def of_key(self, key: CampaignKey) -> bool:
        """Return whether changes of a campaign may be meant."""
        return (
            self.platform in {None, key.platform}
            and self.account in {None, key.account_id}
            and (self.campaigns is None or bytes(key) in self.campaigns)
        )

    def has(self, entry: AuditEntry) -> bool:
        """Return whether the change that an entry tells of is meant; its campaign is."""
        if self.ids:
            return self.ids.has(entry.action_id or "") and self._fits(entry)
        changes = entry.status in _TELLS and entry.before != entry.target
        return changes and self.roll_backs == bool(entry.rolls_back) and self._fits(entry)

    def _fits(self, entry: AuditEntry) -> bool:
        return (
            self.field in {None, entry.field}
            and self.who in {None, entry.actor}
            and self.released in {None, released_by(entry)}
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


def released_by(entry: AuditEntry) -> Released:
    """Return who let go what an entry tells of: behind a person's yes there is a decision."""
    return Released.POLICY if entry.decision_id is None else Released.PERSON


def campaigns_of(
    plans: Mapping[bytes, Plan], campaign: str | None, group: str | None
) -> Collection[bytes] | None:
    """Return the keys of the campaigns that are named, and in the group; None for any.

    Raises
    ------
    UsageError
        No plan is of such a campaign, or in such a group.
    """
    if campaign is None and group is None:
        return None
    chosen = set(plans)
    if group is not None:
        chosen = {key for key, plan in plans.items() if plan.budget_group_id == group}
        if not chosen:
            raise UsageError(f"no plan is in group {group}", remedy="pacekeeper groups list")
    if campaign is not None:
        keys = (parse_campaign_key(plan.key) for plan in plans.values())
        chosen &= {bytes(named(keys, campaign))}
    return chosen
