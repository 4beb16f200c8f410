"""The examples on the page about lifetime value run as they stand there."""

from __future__ import annotations

import doctest

from tests.docs.test_guarantees import ROOT


def test_the_examples_run_and_say_what_the_page_says() -> None:
    outcome = doctest.testfile(str(ROOT / "docs" / "lifetime-value.md"), module_relative=False)

    assert outcome.attempted >= 15
    assert outcome.failed == 0
