"""What each fault comes to on each connector, and in the executor's trail: a table of the docs.

``python -m tests.workers.connectors.matrix`` runs the kit's laws of faults and the executor with
each trouble, and writes the table of docs/connectors.md anew; the tests of both see to it that the
page says what they see.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from typing import Final

from tests.workers.connectors.benches import SECRET
from tests.workers.connectors.official_benches import BENCHES
from tests.workers.executor.live import troubles
from tests.workers.executor.live.acting import Acting
from tests.workers.executor.live.struck import Carried, Trouble
from tests.workers.executor.live.troubles import Row
from workers.connectors.kit import Bench, Law, Seen, laws
from workers.connectors.protocol import Ref
from workers.sandbox.faults import Fault

PAGE: Final = Path(__file__).parents[3] / "docs" / "connectors.md"
BEGIN: Final = "<!-- by python -m tests.workers.connectors.matrix -->\n"
END: Final = "<!-- end -->\n"
NONE: Final = "\N{EN DASH}"
"""Where the platform has no such fault."""

THEN: Final = " \N{RIGHTWARDS ARROW} "
"""Between what a connector says and how the executor's trail ends."""
SHORT, LONG = 0.5, 2.5
"""Seconds for which connectors wait for an answer that never comes, and for one that does."""
HANGING: Final = ("hang", "applied then hang")
LEVERS: Final = ("budget", "bid")

Cells = Mapping[tuple[str, str], Mapping[str, str]]
"""By row and connector: what was seen, by what it was about, such as budget and bid."""


def place(law: Law) -> tuple[str, str]:
    """Return a law's row, and what it is about."""
    row, _, about = law.name.rpartition("-")
    return row.replace("_", " "), about


async def observed() -> Cells:
    """Run every law on every connector, one after the other, as time is what some are about."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for name, (bench, faults) in BENCHES.items():
        for law in laws(faults):
            seen = await law(partial(bench, patience(law)))
            if seen is not None:
                row, about = place(law)
                cells.setdefault((row, name), {})[about] = text(seen)
    return cells


async def carried_out() -> Cells:
    """Let the executor make a change with each trouble on every connector."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for row in troubles.rows():
        for name, lever in product(BENCHES, LEVERS):
            async with BENCHES[name][0](patience(row)) as bench:
                told = await changed(name, bench, lever, row)
            if told is not None:
                cells.setdefault((row.name, name), {})[lever] = ending(told)
    return cells


def patience(of: Law | Row) -> float:
    """Return for how many seconds a connector is to wait for an answer."""
    return SHORT if of.name.replace("_", " ").startswith(HANGING) else LONG


async def changed(name: str, bench: Bench, lever: str, row: Row) -> Carried | None:
    """Return how a change ended that met a row's trouble; None where it cannot."""
    ref = value_of(name, bench, lever)
    trouble = row.trouble(name, bench, ref)
    return await carried(name, bench, ref, trouble) if trouble else None


async def carried(name: str, bench: Bench, ref: Ref, trouble: Trouble) -> Carried:
    """Return how a change ended that met some trouble."""
    return await Acting(name, bench).change(ref, trouble)


def value_of(name: str, bench: Bench, lever: str) -> Ref:
    """Return the budget or the bid that the executor sets."""
    if lever == "budget" or bench.bid is None:
        return troubles.budget_of(name, bench)
    return bench.bid


def table(seen: Cells, ended: Cells) -> str:
    """Return the table, in Markdown."""
    lines = [["what goes wrong", *BENCHES], ["---"] * (len(BENCHES) + 1)]
    lines += [
        [row, *(whole(cell(seen, row, name), cell(ended, row, name)) for name in BENCHES)]
        for row in rows([*ended, *seen])
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def whole(seen: str, ended: str) -> str:
    """Return what is told of one trouble and one connector."""
    if ended == NONE:
        return seen
    return f"{'' if seen == NONE else seen}{THEN}{ended}".strip()


def rows(seen: Iterable[tuple[str, str]]) -> list[str]:
    """Return those rows that anything was seen of: as the executor has them, then others."""
    known = {row for row, _ in seen}
    every = dict.fromkeys(row.name for row in troubles.rows())
    every |= dict.fromkeys(place(law)[0] for law in laws(Fault))
    return [row for row in every if row in known]


def beyond_faults() -> set[str]:
    """Return the rows of which the kit knows nothing: they take an executor, or a plan."""
    return {row.name for row in troubles.rows()} - {place(law)[0] for law in laws(Fault)}


def cell(cells: Cells, row: str, name: str) -> str:
    """Return what was seen of one trouble and one connector, once where all of it is the same."""
    said = cells.get((row, name), {})
    if not said:
        return NONE
    if len(said) > 1 and len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{about}: {one}" for about, one in said.items())


def text(seen: Seen) -> str:
    """Return what was seen, in words."""
    return f"{f'`{seen.raised}`' if seen.raised else 'no error'}, {seen.then}"


def ending(told: Carried) -> str:
    """Return how a change ended, by the trail, and what is in force on the platform, in words."""
    status, reason = told.end.status.value, told.end.reason or ""
    why = "" if reason == status else f" ({reason})"
    then = {told.before: "as before", told.target: "made"}.get(told.value, "a person's")
    return f"`{status}`{why}, {then}"


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


def of_connector() -> dict[tuple[str, str], str]:
    """Return what the cells of the page say of the connector."""
    return {at: f" {said}".partition(THEN)[0].strip() or NONE for at, said in told().items()}


def of_executor() -> dict[tuple[str, str], str]:
    """Return what they say of the executor's trail."""
    return {at: f" {said}".partition(THEN)[2] or NONE for at, said in told().items()}


def agrees(said: str, about: str, seen: str) -> bool:
    """Return whether a cell says of budget, bid or another what was seen of it."""
    parts = dict(part.split(": ", 1) for part in said.split("; ") if ": " in part)
    return parts.get(about, NONE if parts else said) == seen


def main() -> None:
    """Write the table into the page."""
    os.environ["WEBHOOK_SECRET"] = SECRET
    page = PAGE.read_text(encoding="utf-8")
    found = table(asyncio.run(observed()), asyncio.run(carried_out()))
    PAGE.write_text(page.replace(of_page(), found), encoding="utf-8")


if __name__ == "__main__":
    main()
