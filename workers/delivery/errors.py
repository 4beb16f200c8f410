"""What can end a worker's delivery, and with which exit status.

Delivery never goes on from a state that it cannot prove: it ends the process, nothing of the step
in hand was committed, and whoever takes the partitions over starts from what was.
"""

from __future__ import annotations

EXIT_RESTART = 70
"""Exit status: start the worker again, it goes on from what was committed."""
EXIT_DEAD_LETTERS = 65
"""Exit status: too much input is unreadable; a restart alone does not help."""


class DeliveryError(Exception):
    """Delivery cannot go on."""

    exit_status = EXIT_RESTART


class OffsetGapError(DeliveryError):
    """Records of a partition are missing between what was taken in and what arrived."""

    def __init__(self, topic: str, partition: int, *, expected: int, arrived: int) -> None:
        super().__init__(
            f"{topic}[{partition}] went from offset {expected} to {arrived} without the records "
            "between; ending the process so that they are read again"
        )
        self.topic, self.partition = topic, partition
        self.expected, self.arrived = expected, arrived


class DeadLetterLimitError(DeliveryError):
    """More of a topic is unreadable than bad records of single publishers explain."""

    exit_status = EXIT_DEAD_LETTERS

    def __init__(self, topic: str, partition: int, *, limit: str, reason: str, detail: str) -> None:
        super().__init__(
            f"{topic}[{partition}]: {limit}; the last one: {reason} ({detail}). Nothing of this "
            "step was committed. See what the publisher sends, and whether this worker is older "
            "than the records. If they are meant to be put aside, start again with a higher "
            "delivery.dead_letter_run or delivery.dead_letter_ratio"
        )
        self.topic, self.partition, self.limit, self.reason = topic, partition, limit, reason


class UnsupportedFaustError(DeliveryError):
    """Delivery builds on internals of one Faust version, and another one is installed."""

    def __init__(self, installed: str, supported: str) -> None:
        super().__init__(
            f"faust-streaming {installed} is installed; delivery is built on {supported}: "
            f"install faust-streaming=={supported}"
        )
        self.installed, self.supported = installed, supported
