"""Returns: what a change that is only for a while is taken back to, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Amount, Utc
from schemas.record import Part, refuse_negative

MOST_STEPS: Final = 24


class Return(Part, frozen=True, kw_only=True):
    """One step back: from ``at`` on the field is to be ``value``."""

    at: Utc
    value: Amount

    def _check(self) -> None:
        refuse_negative(self, "value")


Returns = Annotated[
    tuple[Return, ...],
    Meta(
        max_length=MOST_STEPS,
        description="steps by which the value returns by itself, in order; the last one is what "
        "holds from then on",
    ),
]


def check_returns(returns: tuple[Return, ...], expires_at: datetime) -> None:
    """Raise `SchemaError` unless steps come one after the other, the first not before the expiry.

    Else a change could be carried out after a part of its return.
    """
    earliest, strictly = expires_at, False
    for number, step in enumerate(returns):
        if step.at < earliest or (strictly and step.at == earliest):
            what = "the step before it" if number else "expires_at"
            detail = f"must come after {what}, {earliest.isoformat()}; was {step.at.isoformat()}"
            raise SchemaError(f"returns[{number}].at", Reason.CONTRADICTION, detail)
        earliest, strictly = step.at, True
