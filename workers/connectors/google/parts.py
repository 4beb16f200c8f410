"""Parts of modifiers: devices, and stretches of the week, as Google Ads' criteria have them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

DEVICES: Final[Mapping[str, int]] = MappingProxyType(
    {"desktop": 30000, "mobile": 30001, "tablet": 30002}
)
"""Part to the criterion's number, which is the same in every campaign and ad group."""
_BY_NUMBER: Final = {str(number): device for device, number in DEVICES.items()}
_DAYS: Final = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


def part(criterion: Any) -> str:  # noqa: ANN401 -- a message of the untyped client
    """Return the part that a criterion stands for; empty where no part is named so."""
    device: str = criterion.device.type_.name.lower()
    if device in DEVICES:
        return device
    schedule = getattr(criterion, "ad_schedule", None)
    return of_schedule(schedule) if schedule is not None else ""


def device_of(name: str) -> str:
    """Return the device of a criterion by its resource's name; empty where it is of none."""
    return _BY_NUMBER.get(name.rpartition("~")[2], "")


def of_schedule(schedule: Any) -> str:  # noqa: ANN401 -- as above
    """Return ``mon-08`` for an hour of the week and ``mon-08-12`` for the hours from 8 to 12.

    Empty for a stretch that begins or ends within an hour: no part names it.
    """
    minutes = {schedule.start_minute.name, schedule.end_minute.name}
    day = schedule.day_of_week.name
    if day not in _DAYS or minutes != {"ZERO"}:
        return ""
    start, end = schedule.start_hour, schedule.end_hour
    stretch = f"{day[:3].lower()}-{start:02d}"
    return stretch if end == start + 1 else f"{stretch}-{end:02d}"
