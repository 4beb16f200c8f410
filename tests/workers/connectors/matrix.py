"""What each fault comes to on each connector, as the kit saw it: a table of docs/connectors.md.

``python -m tests.workers.connectors.matrix`` runs the kit's laws of faults and writes the table
anew; the tests of the kit see to it that the page says what they see.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from tests.workers.connectors.benches import SECRET
from tests.workers.connectors.official_benches import BENCHES
from workers.connectors.kit import Law, Seen, laws
from workers.sandbox.faults import Fault

PAGE: Final = Path(__file__).parents[3] / "docs" / "connectors.md"
BEGIN: Final = "<!-- by python -m tests.workers.connectors.matrix -->\n"
END: Final = "<!-- end -->\n"
NONE: Final = "\N{EN DASH}"
"""Where the platform has no such fault."""

Cells = Mapping[tuple[str, str], Mapping[str, Seen]]
"""By row and connector: what was seen, by what the law was about, such as budget and bid."""


def place(law: Law) -> tuple[str, str]:
    """Return a law's row, and what it is about."""
    row, _, about = law.name.rpartition("-")
    return row.replace("_", " "), about


async def observed() -> Cells:
    """Run every law on every connector, one after the other, as time is what some are about."""
    cells: dict[tuple[str, str], dict[str, Seen]] = {}
    for name, (bench, faults) in BENCHES.items():
        for law in laws(faults):
            seen = await law(bench)
            if seen is not None:
                row, about = place(law)
                cells.setdefault((row, name), {})[about] = seen
    return cells


def table(cells: Cells) -> str:
    """Return the table, in Markdown."""
    lines = [["what goes wrong", *BENCHES], ["---"] * (len(BENCHES) + 1)]
    lines += [[row, *(cell(cells.get((row, name), {})) for name in BENCHES)] for row in rows(cells)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def rows(seen: Iterable[tuple[str, str]]) -> list[str]:
    """Return those rows that anything was seen of, in the order of the laws."""
    known = {row for row, _ in seen}
    every = dict.fromkeys(place(law)[0] for law in laws(Fault))
    return [row for row in every if row in known]


def cell(seen: Mapping[str, Seen]) -> str:
    """Return what is told of one fault and one connector, once where all of it is the same."""
    said = {about: text(one) for about, one in seen.items()}
    if not said:
        return NONE
    if len(said) > 1 and len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{about}: {one}" for about, one in said.items())


def text(seen: Seen) -> str:
    """Return what was seen, in words."""
    return f"{f'`{seen.raised}`' if seen.raised else 'no error'}, {seen.then}"


def of_page() -> str:
    """Return the table that the page has."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return rest.partition(END)[0]


def told() -> dict[tuple[str, str], str]:
    """Return the cells of the page, by row and connector."""
    header, _, *lines = (line.strip("| ").split(" | ") for line in of_page().splitlines())
    return {
        (row, name): said
        for row, *cells in lines
        for name, said in zip(header[1:], cells, strict=True)
    }


def agrees(said: str, about: str, seen: Seen) -> bool:
    """Return whether a cell says of budget, bid or another what was seen of it."""
    parts = dict(part.split(": ", 1) for part in said.split("; ") if ": " in part)
    return parts.get(about, NONE if parts else said) == text(seen)


def main() -> None:
    """Write the table into the page."""
    os.environ["WEBHOOK_SECRET"] = SECRET
    page = PAGE.read_text(encoding="utf-8")
    found = table(asyncio.run(observed()))
    PAGE.write_text(page.replace(of_page(), found), encoding="utf-8")


if __name__ == "__main__":
    main()
