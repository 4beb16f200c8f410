"""The page of guarantees names tests; a promise without its test is none."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "guarantees.md"


def test_every_test_that_the_guarantees_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text(encoding="utf-8")))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text(encoding="utf-8"))
    }

    assert len(named) >= 20, "the page was read"
    assert named - defined == set()


def test_every_promise_names_what_shows_it() -> None:
    section = PAGE.read_text(encoding="utf-8").split("## What is promised")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]

    assert len(rows) >= 15
    assert [row for row in rows if "`test_" not in row.rsplit("|", 2)[-2]] == []
