"""The page on collecting shows a file that can be read, and every outcome that a round can have."""

from __future__ import annotations

import re
from pathlib import Path

from workers.collector.rounds import _OUTCOMES
from workers.connectors.settings import read_platforms

PAGE = (Path(__file__).parents[2] / "docs" / "collecting.md").read_text(encoding="utf-8")


def test_the_file_of_platforms_on_the_page_is_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "platforms.toml"
    path.write_text(text)

    assert set(read_platforms(path)) == {"meta", "linkedin"}


def test_the_page_tells_every_outcome_of_a_round() -> None:
    for outcome in _OUTCOMES.values():
        assert f"`{outcome}`" in PAGE
