"""A page keeps to its width, and leaves no blanks at the ends of its lines."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from workers.pages import print_page, section


def printed(width: int, widest: int) -> list[str]:
    file = StringIO()
    parts = (Text("one two three four five six"), *section("Name", [Text("inside")]))
    print_page(Console(file=file, width=width), parts, widest)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(("width", "widest"), [(80, 12), (12, 80)])
def test_no_line_is_wider_than_the_console_or_the_page_and_none_ends_with_a_blank(
    width: int, widest: int
) -> None:
    lines = printed(width, widest)

    assert max(map(len, lines)) == 12
    assert [line for line in lines if line != line.rstrip()] == []


def test_parts_stand_below_each_other_those_of_a_section_under_its_name() -> None:
    lines = printed(80, 80)

    assert lines[:2] == ["one two three four five six", ""]
    assert lines[2].startswith("Name ")
    assert lines[3:] == ["  inside"]
