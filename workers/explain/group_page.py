"""An explanation of a group's or an adviser's recommendation, for programs and for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console

from schemas import Kind, Recommendation
from schemas.levers import BID_UNIT, CURRENCY_UNIT, RATE_UNIT, SHARE_UNIT
from workers.chances import chance
from workers.explain.comparing import Difference
from workers.explain.gone import verdict_of

_UNITS: Final = {
    BID_UNIT: "{currency} a click",
    CURRENCY_UNIT: "{currency}",
    RATE_UNIT: "clicks per impression",
    SHARE_UNIT: "of the bid",
}


def as_json(
    advice: Recommendation, found: Sequence[Difference], gone: Sequence[str]
) -> dict[str, Any]:
    """Return what there is to say, given in what the recomputed one differs, and what is gone."""
    return {
        "recommendation_id": advice.recommendation_id,
        "campaign": advice.key.decode(),
        "verdict": verdict_of(found, gone),
        "reasons": advice.reasons,
        "guardrails": advice.guardrails,
        "inputs": advice.inputs,
        "differences": [each._asdict() for each in found],
        "gone": gone,
    }


def print_other(
    console: Console,
    advice: Recommendation,
    found: Sequence[Difference],
    origin: tuple[str, Sequence[str]],
) -> None:
    """Print what is advised and why, and whether that could be repeated.

    ``origin`` is what it was made from, and what of that is gone.
    """
    lines = [f"Recommendation {advice.recommendation_id}, {advice.key.decode()}"]
    lines += _inputs(advice)
    lines += [f"{reason.code}: {reason.text}" for reason in advice.reasons]
    lines += [
        f"{check.name}: {check.status}" + (f" at {check.limit}" if check.limit is not None else "")
        for check in advice.guardrails
    ]
    lines.append(_verdict(found, *origin))
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _verdict(found: Sequence[Difference], source: str, gone: Sequence[str]) -> str:
    if gone:
        lost = "; ".join(gone)
        return f"Not to be recomputed from {source}: what it was made from is gone. {lost}"
    named = ", ".join(each.field for each in found)
    return f"Recomputed from {source}: {f'differs in {named}' if found else 'identical'}"


def _inputs(advice: Recommendation) -> list[str]:
    """Return what it was made from, by which code, and what it comes to."""
    read = ", ".join(f"{topic} {offset}" for topic, offset in sorted(advice.inputs.items()))
    about = f"{advice.field} of {advice.entity} {advice.entity_id}"
    sure = chance(advice.confidence)
    return [
        f"inputs: {read}; plan version {advice.plan_version}",
        f"model: {advice.model_version}; confidence {sure}, risk {advice.risk}",
        f"value: {about} from {advice.current_value} to {advice.recommended_value} {_unit(advice)}"
        if advice.recommended_value is not None
        else f"value: {about} stays",
        *_how(advice),
    ]


def _how(advice: Recommendation) -> list[str]:
    """Return who lets it go; the guard rail `autonomy` says whether plan or group asks a person."""
    if advice.recommended_value is None or advice.kind in (Kind.TARGETING, Kind.CREATIVE):
        return []
    if advice.auto_execute:
        return ["released by policy"]
    people = "a person" if advice.approvers == 1 else f"{advice.approvers} people"
    return [f"waits for {people}, unless the plan asks for more or only observes"]


def _unit(advice: Recommendation) -> str:
    """Return the unit of its values in words, with the currency by its code."""
    return _UNITS.get(advice.unit or "", "").format(currency=advice.currency or "")
