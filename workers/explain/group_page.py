"""An explanation of a group's recommendation, for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from schemas import Recommendation
from workers.explain.comparing import Difference


def as_json(advice: Recommendation, found: Sequence[Difference]) -> dict[str, Any]:
    """Return what there is to say, given in what the recomputed one differs."""
    return {
        "recommendation_id": advice.recommendation_id,
        "campaign": advice.key.decode(),
        "verdict": "differs" if found else "identical",
        "reasons": advice.reasons,
        "guardrails": advice.guardrails,
        "inputs": advice.inputs,
        "differences": [each._asdict() for each in found],
    }


def print_budget(console: Console, advice: Recommendation, found: Sequence[Difference]) -> None:
    """Print why a member has its budget, and whether that could be repeated."""
    lines = [f"Recommendation {advice.recommendation_id}, {advice.key.decode()}"]
    lines += [f"{reason.code}: {reason.text}" for reason in advice.reasons]
    lines += [
        f"{check.name}: {check.status}" + (f" at {check.limit}" if check.limit is not None else "")
        for check in advice.guardrails
    ]
    named = ", ".join(each.field for each in found)
    lines.append(
        f"Recomputed from the group's records: {f'differs in {named}' if found else 'identical'}"
    )
    for line in lines:
        console.print(line, markup=False, highlight=False)
