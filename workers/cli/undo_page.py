"""What ``pacekeeper undo`` prints: which changes there are, and what becomes of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.audit import AuditEntry
from schemas.decision import Decision
from workers.cli.console import counted, done, note, print_json, print_table, printable, warn
from workers.executor.entries import identity
from workers.executor.rollback import Undo
from workers.people import became, is_done
from workers.undo.planning import Line, Undoing

_SHOWN = 100
"""Changes that are listed one by one; ``--json`` has them all."""

Answers = Mapping[Undoing, AuditEntry | None]
"""What became of each field that goes back; None where nobody has answered."""


class Found(NamedTuple):
    """What the trail has of what is wished, and what of the ids it has nothing of."""

    lines: Sequence[Line]
    unknown: Sequence[str]


def preview(found: Found, undoings: Sequence[Undoing], *, json: bool) -> None:
    """Print what would be done."""
    if json:
        _print_lines(found, {}, {})
        return
    _print_table(found, {})
    fields = counted(len(undoings), one="value")
    if undoings:
        note(f"nothing was changed; with --yes {fields} would be set back")
    else:
        note("nothing was changed, and there is nothing that can be undone")


def tell(
    found: Found,
    pairs: Sequence[tuple[Undoing, Decision]],
    told: Answers,
    wait: float,
    *,
    json: bool,
) -> None:
    """Print what became of what was published, for which so many seconds were waited."""
    if json:
        _print_lines(found, told, {undoing: identity(decision) for undoing, decision in pairs})
        return
    _print_table(found, told if wait else {})
    if not wait:
        note("published; `pacekeeper watch` shows what becomes of it")
        return
    set_back = sum(is_done(entry) for entry in told.values())
    say = done if set_back == len(told) else warn
    say(f"{counted(set_back, one='value')} of {len(told):,} set back")
    if None in told.values():
        warn(
            f"not all was answered in {wait:g} s. What is published counts as soon as an "
            "executor reads it: see that one runs, look with `pacekeeper watch`, and ask again"
        )


def all_done(found: Found, told: Answers) -> bool:
    """Return whether everything that was chosen is undone now."""
    return not found.unknown and all(
        is_done(told[line.undoing]) if line.undoing else line.state is Undo.ALREADY_UNDONE
        for line in found.lines
    )


def _print_table(found: Found, told: Answers) -> None:
    headings = ("action", "made", "campaign", "field", "change", "back to", "state", "")
    rows = [_cells(line, told) for line in found.lines[:_SHOWN]]
    missing = ("", "", "", "", "", Undo.NOT_UNDOABLE, "no such action is in the trail")
    rows += [(unknown[:8], *missing) for unknown in found.unknown]
    print_table(headings, rows)
    if len(found.lines) > _SHOWN:
        note(f"and {len(found.lines) - _SHOWN:,} more; --json has them all")
    states = Counter(line.state for line in found.lines)
    states[Undo.NOT_UNDOABLE] += len(found.unknown)
    note(", ".join(f"{number:,} {state}" for state, number in states.items() if number))


def _cells(line: Line, told: Answers) -> tuple[object, ...]:
    entity = line.told.entity_id
    undoing = line.undoing
    answer = became(told[undoing]) if undoing and undoing in told else ""
    return (
        line.told.action_id[:8],
        f"{line.told.at:%F %H:%M}Z",
        bytes(line.key).decode(),
        line.told.field if entity == line.key.campaign_id else f"{line.told.field} of {entity}",
        f"{_text(line.told.before)} → {_text(line.told.target)}",
        _text(undoing.back_to) if undoing else "",
        line.state,
        printable("; ".join(text for text in (line.why, answer) if text)),
    )


def _text(value: object) -> str:
    return "?" if value is None else str(value)


def _print_lines(found: Found, told: Answers, decisions: Mapping[Undoing, str]) -> None:
    for line in found.lines:
        undoing = line.undoing
        answer = told.get(undoing) if undoing else None
        print_json(
            {
                "action_id": line.told.action_id,
                "campaign": bytes(line.key).decode(),
                "entity_id": line.told.entity_id,
                "field": line.told.field,
                "currency": line.told.currency,
                "at": line.told.at,
                "actor": line.told.actor,
                "before": line.told.before,
                "target": line.told.target,
                "state": line.state,
                "why": line.why,
                "back_to": undoing.back_to if undoing else None,
                "undone_with": undoing.action_id if undoing else None,
                "decision_id": decisions.get(undoing) if undoing else None,
                "done": is_done(answer),
                "answer": answer,
            }
        )
    for unknown in found.unknown:
        print_json({"action_id": unknown, "state": Undo.NOT_UNDOABLE, "done": False})
