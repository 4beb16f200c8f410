"""Autonomy of single levers: how far Pacekeeper may go by itself, each for its own."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from schemas.fields import Autonomy
from schemas.record import Part

_Single = Annotated[Autonomy | None, Meta(description="the plan's autonomy if absent")]


class AutonomyOf(Part, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Autonomy of single levers, by the ``field`` that advice on them names."""

    hourly_budget: _Single = None
    bid_multiplier: _Single = None
    daily_budget: _Single = None
    bid: _Single = None
    status: _Single = None


def autonomy_for(general: Autonomy, single: AutonomyOf, field: str | None) -> Autonomy:
    """Return how far a plan lets Pacekeeper go by itself with what advice's ``field`` names.

    ``general`` is the plan's autonomy, ``single`` what it says of single levers. Every worker asks
    this function, so that all mean the same.
    """
    own = getattr(single, field) if field in AutonomyOf.__struct_fields__ else None
    return own or general
