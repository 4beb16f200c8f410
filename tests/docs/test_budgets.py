"""The page about budgets across campaigns: its files are read, its commands run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.docs.test_guarantees import ROOT
from tests.person_fixtures import Person

PAGE = (ROOT / "docs" / "budgets.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    """Return what stands between fences, without its indentation."""
    found = re.findall(r"^( *)```\w*\n(.*?)^ *```", PAGE, flags=re.DOTALL | re.MULTILINE)
    return [re.sub(f"^{indent}", "", text, flags=re.MULTILINE) for indent, text in found]


@pytest.mark.kafka
def test_every_file_of_the_page_is_read_and_every_command_runs(
    person: Person, tmp_path: Path
) -> None:
    ran = []
    for block in blocks():
        if name := re.match(r"# (\w+\.toml)\n", block):
            (tmp_path / name[1]).write_text(block)
        for line in block.splitlines():
            words = shlex.split(line, comments=True) if line.startswith("pacekeeper ") else []
            if words:
                person.runs(*words[1:])
                ran.append(words[1:3])

    assert ran == [["groups", "apply"], ["groups", "apply"], ["groups", "list"], ["rates", "apply"]]
    assert len(person.reads("groups.v1", 1)) == 1
    assert len(person.reads("fx_rates.v1", 1)) == 1
