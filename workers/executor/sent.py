"""What an entry of the audit trail says of the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, NamedTuple


class Sent(NamedTuple):
    """What went over the wire, and by what the platform's support finds it."""

    value: Decimal | None = None
    """In the platform's own unit."""
    attempts: int = 0
    platform_code: str = ""
    request_id: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """Return it as an entry has it."""
        return {
            "sent": self.value,
            "attempt": self.attempts,
            "platform_code": self.platform_code or None,
            "request_id": self.request_id or None,
        }


NOTHING_SENT: Final = Sent()
