"""Progress, told to whoever waits: a line at a time."""

from collections.abc import Callable

Report = Callable[[str], None]
"""Takes one line of progress for the person who waits."""


def silent(_: str) -> None:
    """Take a line of progress and tell nobody."""


def tell_killed(report: Report, node_id: int, grace: float) -> None:
    """Say that a node had to be killed because it took longer than ``grace`` seconds to stop."""
    report(
        f"node {node_id} did not stop within {grace:.0f} s and was killed; its next start checks "
        "its logs"
    )
