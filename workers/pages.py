"""Pages on a terminal: parts below each other, no line filled with blanks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text


def print_page(console: Console, parts: Iterable[RenderableType], widest: int) -> None:
    """Print parts below each other, as wide as the console is, at most ``widest`` columns.

    Rich fills lines with blanks, which are litter in a file.
    """
    with console.capture() as captured:
        console.print(Group(*parts), width=min(console.width, widest), highlight=False)
    console.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))


def section(name: str, parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    """Yield a part of a page under a line with its name."""
    yield Text()
    yield Rule(Text(name, style="bold"), align="left", style="dim")
    yield Padding(Group(*parts), (0, 0, 0, 2))
