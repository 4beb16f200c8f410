"""Events of a plan's calendar: stretches of time that are not like the others."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Amount, Utc
from schemas.record import Part, refuse_negative

_LONGEST_TOLD: Final = timedelta(days=14)
"""Of what platforms are told: Google takes no longer seasonality adjustment."""


class CalendarEvent(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A stretch of time that is not like the others."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    start: Utc
    end: Utc
    expected_lift: Annotated[
        float, Meta(gt=0.0, le=100.0, description="demand as a factor of the usual; 1 is usual")
    ] = 1.0
    exclude_from_learning: bool = False
    conversion_rate_lift: (
        Annotated[
            float,
            Meta(
                ge=0.1,
                le=10.0,
                description="how often clicks convert, as a factor of the usual; where it is "
                "given, a person is asked to let the platform be told of it",
            ),
        ]
        | None
    ) = None
    budget_increase: (
        Annotated[
            Amount,
            Meta(
                description="by how much a day may spend more than its daily budget; where it is "
                "given, a person is asked to let the platform be told of it"
            ),
        ]
        | None
    ) = None

    def _check(self) -> None:
        if self.end <= self.start:
            raise SchemaError("end", Reason.CONTRADICTION, "must be after start")
        refuse_negative(self, "budget_increase")
        if self.is_told:
            self._check_told()

    @property
    def is_told(self) -> bool:
        """Return whether platforms are to be told of it."""
        return self.conversion_rate_lift is not None or self.budget_increase is not None

    def _check_told(self) -> None:
        """Raise `SchemaError` where no platform could be told of the event."""
        lift = self.conversion_rate_lift
        if lift is not None and round(lift, 2) != lift:
            detail = f"may have at most 2 decimals, was {lift}"
            raise SchemaError("conversion_rate_lift", Reason.TOO_MANY_DECIMALS, detail)
        if self.end - self.start > _LONGEST_TOLD:
            detail = f"platforms are told of {_LONGEST_TOLD.days} days at most: divide the event"
            raise SchemaError("end", Reason.OUT_OF_RANGE, detail)
        for name, time in (("start", self.start), ("end", self.end)):
            if time.second or time.microsecond:
                detail = "must be a whole minute where platforms are told of the event"
                raise SchemaError(name, Reason.OUT_OF_RANGE, detail)
