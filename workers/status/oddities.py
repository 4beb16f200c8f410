"""What of a campaign's closed days is suspected to be wrong, as conditions tell it."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from schemas import CampaignKey, Condition, ConditionKind, Scope
from schemas.anomaly import Effect, Signal
from schemas.condition import condition_key, scopes_of
from workers.report.wording import moment
from workers.status.model import Odd

_EFFECTS: Final = MappingProxyType(
    {
        Effect.TOLD: "Nothing follows from it by itself.",
        Effect.UNLEARNED: "These hours are not learned from.",
        Effect.HELD: "These hours are not learned from, and nothing is changed while it goes on.",
    }
)
_OF: Final = MappingProxyType(
    {
        Signal.IMPRESSIONS: "impressions for what was spent",
        Signal.CLICKS: "clicks for the impressions",
        Signal.SPEND: "spend by its week and bids",
        Signal.CONVERSIONS: "conversions for the clicks",
        Signal.REVENUE: "revenue for the conversions",
    }
)
REMEDY: Final = (
    "If the numbers are right, decide reject_outage; if not, exclude_window keeps its hours "
    "unlearned."
)


class Oddities:
    """The latest conditions of their kind, by their key."""

    def __init__(self) -> None:
        """Begin empty."""
        self._latest: dict[bytes, Condition] = {}

    def hear(self, conditions: Iterable[Condition]) -> None:
        """Take in conditions in their order; others than of anomalies are passed over."""
        for each in conditions:
            if each.kind is ConditionKind.ANOMALY:
                self._latest[each.key] = each

    def of(self, key: CampaignKey) -> tuple[Odd, ...]:
        """Return what is told of a campaign, its account's included; what goes on first."""
        names = [condition_key(scope, ConditionKind.ANOMALY) for scope in scopes_of(bytes(key))]
        told = [self._latest[name] for name in names if name in self._latest]
        found = [odd for each in told if each.active for odd in _told(each)]
        return tuple(sorted(found, key=lambda each: (each.until is not None, each.since)))


def _told(condition: Condition) -> list[Odd]:
    return [
        Odd(
            scope=condition.scope.value,
            signal=each.signal.value,
            change=each.change.value,
            effect=each.effect.value,
            since=each.since,
            until=each.until,
            evidence=each.evidence,
            expected=each.expected,
            counted=each.counted,
        )
        for each in condition.anomalies
    ]


def sentences_of(found: Iterable[Odd]) -> list[str]:
    """Tell of what is suspected to be wrong, and what to do; nothing where nothing is."""
    lines = [line for each in found for line in (_sentence(each), _EFFECTS[Effect(each.effect)])]
    return [*lines, REMEDY] if lines else []


def _sentence(each: Odd) -> str:
    until = "" if each.until is None else f" until {moment(int(each.until.timestamp()))}"
    when = f"Since {moment(int(each.since.timestamp()))}{until}"
    what = f"{each.change} of {_OF[Signal(each.signal)]}"
    if each.scope == Scope.ACCOUNT.value:
        return f"{when}: {what}, in {each.counted:g} of {each.expected:g} campaigns of the account."
    return f"{when}: {what}: {each.counted:,.6g} came, {each.expected:,.6g} were expected."
