"""Windows of time that a value is for, where it is not in force from now on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import Meta

from schemas.errors import Reason, SchemaError
from schemas.fields import Utc

WindowStart: TypeAlias = (
    Annotated[Utc, Meta(description="from when on the value is for, where it is for a window")]
    | None
)
WindowEnd: TypeAlias = (
    Annotated[Utc, Meta(description="first moment after the window that the value is for")] | None
)


def check_window(start: datetime | None, end: datetime | None) -> None:
    """Raise `SchemaError` unless there is a whole window, or none."""
    if (start is None) != (end is None):
        missing = "window_end" if end is None else "window_start"
        raise SchemaError(missing, Reason.MISSING, "a window has a start and an end")
    if start is not None and end is not None and end <= start:
        raise SchemaError("window_end", Reason.CONTRADICTION, "must be after window_start")
