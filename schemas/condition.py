"""Conditions: freezes, suspected outages, excluded hours: what every worker has to know of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from schemas.anomaly import Anomaly, Effect
from schemas.errors import Reason, SchemaError
from schemas.fields import KeyName, Platform, Text, Utc, Version
from schemas.keys import EVERYTHING, check_key_part
from schemas.record import Part, Record, refuse, require

MOST_WINDOWS = 100
"""As many windows may be excluded for one scope."""

MOST_ANOMALIES = 5
"""One of each signal."""


class ConditionKind(StrEnum):
    """What holds."""

    FREEZE = "freeze"
    """Nothing may be changed."""
    OUTAGE = "outage"
    """Reports are suspected to be missing: nothing is cut on them."""
    REJECTED_OUTAGE = "rejected_outage"
    """A person knows that reports are right: outages that began before ``since`` are none."""
    ANOMALY = "anomaly"
    """Counts of closed days are suspected to be wrong: each of ``anomalies`` says what follows."""
    EXCLUDED_WINDOWS = "excluded_windows"
    """Hours that are not learned from, and from which nothing is decided."""


class Scope(StrEnum):
    """How far a condition reaches."""

    ALL = "all"
    PLATFORM = "platform"
    ACCOUNT = "account"
    CAMPAIGN = "campaign"


_NAMES: dict[Scope, tuple[str, ...]] = {
    Scope.ALL: (),
    Scope.PLATFORM: ("platform",),
    Scope.ACCOUNT: ("platform", "account_id"),
    Scope.CAMPAIGN: ("platform", "account_id", "campaign_id"),
}


class Window(Part, frozen=True, kw_only=True):
    """A time, its end not included; an hour that it touches is excluded."""

    start: Utc
    end: Utc

    def _check(self) -> None:
        if self.end <= self.start:
            raise SchemaError("end", Reason.CONTRADICTION, "must be after start")


class Condition(Record, frozen=True, kw_only=True):
    """A freeze or an outage, from ``since`` until ``until`` or until it is lifted.

    Excluded windows hold whenever they are told: ``since`` and ``until`` are the first start and
    the last end of ``windows``. Those of anomalies are of days that are closed; what holds a
    campaign does so until ``until``, unless the next day that closes says otherwise. The latest
    record of a key holds: ``active`` false lifts the condition, and all of its windows.
    """

    kind: ConditionKind
    scope: Scope
    platform: Platform | None = None
    account_id: KeyName | None = None
    campaign_id: KeyName | None = None
    version: Version
    active: bool
    since: Utc
    until: Utc | None = None
    windows: Annotated[tuple[Window, ...], Meta(max_length=MOST_WINDOWS)] = ()
    anomalies: Annotated[tuple[Anomaly, ...], Meta(max_length=MOST_ANOMALIES)] = ()
    by: Annotated[str, Meta(min_length=1, max_length=200, description="person or worker")]
    why: Text = ""

    @property
    def key(self) -> bytes:
        """Kafka key: the names of the scope, ``#`` and the kind."""
        names = filter(None, (self.platform, self.account_id, self.campaign_id))
        return condition_key(":".join(names).encode() or EVERYTHING, self.kind)

    def _check(self) -> None:
        names = _NAMES[self.scope]
        require(self, names, f"for a condition of scope {self.scope}")
        refuse(self, _NAMES[Scope.CAMPAIGN][len(names) :], f"in scope {self.scope}")
        for field in names:
            check_key_part(getattr(self, field), field)
        if self.until is not None and self.until <= self.since:
            raise SchemaError("until", Reason.CONTRADICTION, "must be after since")
        self._check_windows()
        if self.anomalies and self.kind is not ConditionKind.ANOMALY:
            detail = f"has no place in a condition of kind {self.kind}"
            raise SchemaError("anomalies", Reason.CONTRADICTION, detail)

    def held_since(self) -> tuple[Utc, ...]:
        """Return since when what goes on holds campaigns."""
        going = [each for each in self.anomalies if each.until is None]
        return tuple(each.since for each in going if each.effect is Effect.HELD)

    def _check_windows(self) -> None:
        excludes = self.kind is ConditionKind.EXCLUDED_WINDOWS
        if excludes and self.active and not self.windows:
            raise SchemaError("windows", Reason.MISSING, f"is required for kind {self.kind}")
        if self.windows and not excludes and self.kind is not ConditionKind.ANOMALY:
            detail = f"has no place in a condition of kind {self.kind}"
            raise SchemaError("windows", Reason.CONTRADICTION, detail)


def condition_key(scope: bytes, kind: ConditionKind) -> bytes:
    """Return the key of the condition of ``kind`` for a scope, given by its names."""
    return scope + b"#" + kind.encode()


def scopes_of(campaign: bytes) -> tuple[bytes, ...]:
    """Return the scopes that the campaign of a checked key lies in, the widest first."""
    platform, account, _ = campaign.split(b":", 2)
    return EVERYTHING, platform, platform + b":" + account, campaign
