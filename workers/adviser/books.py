"""What one adviser keeps in mind of pure look-ups; forgetting it changes no answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from workers.optimizer.conditions import ConditionBook
from workers.optimizer.delay_priors import DelayBook
from workers.optimizer.zones import ZoneBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The memos of one worker."""

    zones: ZoneBook = field(default_factory=ZoneBook)
    delays: DelayBook = field(default_factory=DelayBook)
    conditions: ConditionBook = field(default_factory=ConditionBook)
