"""What `pacekeeper watch` draws in a terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from schemas import AuditStatus
from workers.cli.watch import _WIDE, _Board, _Lines
from workers.events import Happening
from workers.settings import Settings

SAID = "bids x1.601 → x0.812, at most 88.91 EUR"


def drawn(width: int) -> str:
    board = _Board(lines=_Lines(Settings()))
    seen = Happening(
        at=datetime(2026, 11, 27, 13, 15, tzinfo=UTC),
        campaign="google:123-456-7890:20986754321",
        what=AuditStatus.APPROVAL_REQUIRED,
        detail=SAID,
        calm=True,
    )
    board.decisions[seen.campaign] = seen
    console = Console(width=width, file=StringIO(), force_terminal=True)
    with console.capture() as shown:
        console.print(board.render(narrow=width < _WIDE))
    return shown.get()


def test_eighty_columns_tell_campaigns_apart_and_what_their_bids_become() -> None:
    shown = drawn(80)

    assert "20986754321" in shown
    assert "x1.601 → x0.812" in shown


def test_a_wide_terminal_tells_the_whole_key_and_the_whole_sentence() -> None:
    shown = drawn(160)

    assert "google:123-456-7890:20986754321" in shown
    assert SAID in shown
