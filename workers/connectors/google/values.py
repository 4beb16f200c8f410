"""Values as messages hold them, and as operations set them."""

from __future__ import annotations

import struct
from decimal import Decimal
from typing import Final

from schemas.fields import Entity
from workers.connectors.amounts import MONEY
from workers.connectors.errors import Rejected
from workers.connectors.google.places import MODIFIERS, Message, Place
from workers.connectors.google.units import from_micros, to_micros
from workers.connectors.protocol import Lever, Ref

_LEAST_MODIFIER: Final = Decimal("0.1")
_MOST_MODIFIER: Final = Decimal(10)


def held(message: Message, path: str) -> Message:
    """Return what a message holds at a dotted path; None where nothing is set."""
    for name in path.split("."):
        if name not in message:
            return None
        message = getattr(message, name)
    return message


def told(lever: Lever, raw: Message) -> Decimal | None:
    """Return a value from the platform's form; zero is none set, but of status and modifiers."""
    if raw is None:
        return None
    if lever is Lever.STATUS:
        return Decimal(int(raw.name == "ENABLED"))
    if lever in MODIFIERS or lever is Lever.SEASONALITY:
        return _decimal(raw)
    if not raw:
        return None
    return from_micros(raw) if lever in MONEY else _decimal(raw)


def _decimal(raw: float) -> Decimal:
    """Return the shortest decimal that is kept as ``raw``, by four bytes or by eight.

    A campaign's modifier has four, an ad group's eight: 1.2 of the former is 1.2000000476837158.
    """
    for digits in range(1, 9):
        text = f"{raw:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(text)))[0] == raw:
            return Decimal(text)
    return Decimal(repr(raw))


def wire_value(ref: Ref, value: Decimal) -> int | float | str:
    """Return a value in the platform's form; raise `Rejected` where it has none."""
    lever = ref.lever
    if lever in MONEY:
        return to_micros(value)
    if lever is Lever.STATUS and value in (0, 1):
        return "ENABLED" if value else "PAUSED"
    if lever is Lever.TARGET_ROAS and value.is_finite() and value > 0:
        return float(value)
    if (
        lever is Lever.SEASONALITY
        and value.is_finite()
        and _LEAST_MODIFIER <= value <= _MOST_MODIFIER
    ):
        return float(value)
    if lever in MODIFIERS and value.is_finite():
        off = lever is Lever.DEVICE_MODIFIER and value == 0
        if off or _LEAST_MODIFIER <= value <= _MOST_MODIFIER:
            return float(value)
    raise Rejected(
        f"{lever} cannot be set to {value}: it is outside what the lever takes", field=lever
    )


def operation(where: Place, ref: Ref, value: float | str) -> dict[str, object]:
    """Return what sets a value, and nothing else."""
    update: object = value
    for name in reversed(where.path.split(".")):
        update = {name: update}
    assert isinstance(update, dict)  # noqa: S101 -- a path has at least one name
    if where.exists:
        named = {"resource_name": where.resource, **update}
        return {"update": named, "update_mask": {"paths": [where.path]}}
    of_campaign = ref.entity is Entity.CAMPAIGN
    kind, owner = ("campaigns", "campaign") if of_campaign else ("adGroups", "ad_group")
    owned = {owner: f"customers/{where.owner}/{kind}/{ref.entity_id}"}
    return {"create": {**owned, "device": {"type_": ref.part.upper()}, **update}}
