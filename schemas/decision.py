"""Decisions: what people say about recommendations and campaigns."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Digest, Text, Utc
from schemas.record import CampaignRecord, refuse, require


class Verb(StrEnum):
    """What is decided."""

    APPROVE = "approve"
    REJECT = "reject"
    ROLL_BACK = "roll_back"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    EXCLUDE_WINDOW = "exclude_window"
    REJECT_OUTAGE = "reject_outage"
    PAUSE = "pause"
    RESUME = "resume"


_REQUIRED: dict[Verb, tuple[str, ...]] = {
    Verb.APPROVE: ("recommendation_id",),
    Verb.REJECT: ("recommendation_id",),
    Verb.ROLL_BACK: ("action_id",),
    Verb.FREEZE: (),
    Verb.UNFREEZE: (),
    Verb.EXCLUDE_WINDOW: ("window_start", "window_end"),
    Verb.REJECT_OUTAGE: (),
    Verb.PAUSE: (),
    Verb.RESUME: (),
}
_OPTIONAL: dict[Verb, tuple[str, ...]] = {
    Verb.FREEZE: ("until",),
    Verb.ROLL_BACK: ("through",),
}
_SPECIFIC = ("recommendation_id", "action_id", "window_start", "window_end", "until", "through")


class Decision(CampaignRecord, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One decision of one person about one campaign.

    Approve and reject name a recommendation, roll back names the action to undo and,
    where later ones on the same field are undone with it, ``through`` which. A freeze
    may end by itself ``until`` a time, exclude_window names the hours that must not be
    learned from, reject_outage says that a suspected outage is none.
    Pause stops the campaign's delivery on its platform, resume lets it deliver again.
    """

    refuses_repeats: ClassVar[bool] = True

    verb: Verb
    recommendation_id: Digest | None = None
    action_id: Digest | None = None
    window_start: Utc | None = None
    window_end: Utc | None = None
    until: Utc | None = None
    by: Annotated[str, Meta(min_length=1, max_length=200)]
    why: Text = ""
    decided_at: Utc
    through: (
        Annotated[
            Digest,
            Meta(description="later action on the same field: undone too, as are those between"),
        ]
        | None
    ) = None

    def _check(self) -> None:
        super()._check()
        require(self, _REQUIRED[self.verb], f"to {self.verb}")
        allowed = _REQUIRED[self.verb] + _OPTIONAL.get(self.verb, ())
        refuse(self, (name for name in _SPECIFIC if name not in allowed), f"in {self.verb}")
        if self.window_start and self.window_end and self.window_end <= self.window_start:
            raise SchemaError("window_end", Reason.CONTRADICTION, "must be after window_start")
