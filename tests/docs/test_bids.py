"""The page about bids: its example runs, and it names what code and records do."""

from __future__ import annotations

import doctest

from engine.bid_gains import ANSWER, LEAST_MOVE
from engine.bids import LEAST_PERFORMANCE, MOST_PERFORMANCE, PERFORMANCE_STRENGTH
from engine.rate_cells import HALF_LIFE
from schemas import MultiplierKind
from tests.docs.test_guarantees import ROOT
from workers.adviser.bid_platforms import PLATFORMS

PAGE = ROOT / "docs" / "bids.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_the_example_runs_and_says_what_the_page_says() -> None:
    outcome = doctest.testfile(str(PAGE), module_relative=False)

    assert outcome.attempted >= 10
    assert outcome.failed == 0


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    assert f"within {LEAST_MOVE:.0%}".replace("%", " %") in TEXT
    assert f"+ {PERFORMANCE_STRENGTH:g}) / (expected of it + {PERFORMANCE_STRENGTH:g})" in TEXT
    assert f"within {LEAST_PERFORMANCE:g} and {MOST_PERFORMANCE:g}" in TEXT
    assert f"/ {HALF_LIFE / 24:g} days" in TEXT
    assert f"assumed ({ANSWER:g}," in TEXT


def test_every_platform_that_takes_multipliers_is_in_the_table() -> None:
    words = {
        MultiplierKind.DEVICE: "device",
        MultiplierKind.PLACEMENT: "placements",
        MultiplierKind.HOUR: "hours",
    }
    rows = {line.split("`")[1]: line for line in TEXT.splitlines() if line.startswith("| `")}
    assert rows.keys() == PLATFORMS.keys()
    for platform, takes in PLATFORMS.items():
        assert all(words[kind] in rows[platform] for kind in takes)
