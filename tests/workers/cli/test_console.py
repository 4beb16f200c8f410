"""What commands say to people."""

import pytest

from workers.cli.console import counted


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (2000, "2,000 rows")]
)
def test_one_is_told_in_the_singular(number: int, told: str) -> None:
    assert counted(number, one="row") == told


def test_a_plural_of_its_own_is_used() -> None:
    assert counted(1, one="entry", many="entries") == "1 entry"
    assert counted(3, one="entry", many="entries") == "3 entries"
