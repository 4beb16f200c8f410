"""The example on the engine's page runs as it stands there."""

from __future__ import annotations

import doctest

from tests.docs.test_guarantees import ROOT


def test_the_example_runs_and_says_what_the_page_says() -> None:
    outcome = doctest.testfile(str(ROOT / "docs" / "engine.md"), module_relative=False)

    assert outcome.attempted >= 10
    assert outcome.failed == 0
