"""Guard rails of a plan: what may change without a person, and how fast."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.record import Part


class Guardrails(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of what may change without a person, and of how fast it may.

    The two limits of speed are off unless they are given.
    """

    max_change_pct: Annotated[
        float, Meta(gt=0.0, le=1000.0, description="largest single change, per cent of the value")
    ] = 100.0
    cooldown_minutes: Annotated[int, Meta(ge=0, le=43_200)] = 0
    max_changes_per_day: Annotated[int, Meta(ge=0, le=10_000)] = 25
    max_multiplier_step: (
        Annotated[
            float,
            Meta(
                gt=1.0,
                le=1000.0,
                description="factor that an hour's multiplier may go up or down by; 1.25 is a "
                "quarter more. Where bids are set",
            ),
        ]
        | None
    ) = None
    max_spend_step_pct: (
        Annotated[
            float,
            Meta(
                gt=0.0,
                le=1000.0,
                description="per cent that an hour may spend above what the hour before it did, "
                "or above the plan's mean hour where that is more",
            ),
        ]
        | None
    ) = None
