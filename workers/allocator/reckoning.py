"""What a decision reckoned with, written into it: read again, it leads to the same bytes.

Rates come and go, and their topic keeps the latest only. So a recommendation of a tree that mixes
currencies carries the sets of rates that it went by, and those that were too old to go by.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.calendar import DAY
from schemas import Explanation
from workers.allocator.exchange import OLDEST, Exchange, Rates, Way
from workers.allocator.fx_pairs import Known, Pair, packed
from workers.allocator.shape import Shape
from workers.instants import date_of

RATES_USED: Final = "exchange_rates"
"""Code of the reason that says which rates a decision went by."""

_SHOWN: Final = 8

_FRESH: Final = OLDEST // DAY
"""Days after which what currencies have moved since is said to be a risk."""

_SETS: Final = msgspec.json.Decoder(tuple[Rates, ...])
_WAYS: Final = msgspec.json.Decoder(dict[str, tuple[Pair, ...]])


def reckoned(shape: Shape, exchange: Exchange) -> list[Explanation]:
    """Return the reason that says by which rates a tree was shared out, if any were looked at."""
    if not exchange.used and not exchange.stale:
        return []
    evidence: dict[str, Any] = {
        "group": shape.name,
        "into": exchange.into,
        "sets": msgspec.json.encode(exchange.sets).decode(),
        "too_old": msgspec.json.encode(dict(exchange.stale)).decode(),
    }
    return [Explanation(code=RATES_USED, text=_said(exchange, shape.day), evidence=evidence)]


def sets_of(reasons: Sequence[Explanation]) -> tuple[Rates, ...]:
    """Return the sets that a decision says it went by; none where it says none."""
    return next(_decoded(reasons, "sets", _SETS), ())


def too_old_of(reasons: Sequence[Explanation]) -> dict[bytes, bytes]:
    """Return the table of rates that a decision says were too old."""
    ways: Mapping[str, Way] = next(_decoded(reasons, "too_old", _WAYS), {})
    pairs = {each for way in ways.values() for each in way}
    return {"/".join(sorted((p.base, p.quote))).encode(): packed(Known(p, p)) for p in pairs}


def _decoded(
    reasons: Sequence[Explanation], name: str, decoder: msgspec.json.Decoder[Any]
) -> Iterator[Any]:
    for reason in reasons:
        if reason.code == RATES_USED:
            yield decoder.decode(str(reason.evidence.get(name, "null")))


def _said(exchange: Exchange, day: int) -> str:
    into = exchange.into
    if not exchange.sets:
        return f"No rate that is known is fresh enough to compare amounts in {into} by."
    rates = exchange.sets[-1]
    pairs = list(dict.fromkeys(pair for way in rates.ways.values() for pair in way))
    told = "; ".join(pair.text for pair in pairs[:_SHOWN])
    more = f" and {len(pairs) - _SHOWN} more" if len(pairs) > _SHOWN else ""
    text = (
        f"Amounts are compared and summed in {into}, from {date_of(rates.since)} on and for the "
        f"whole period, at {told}{more}. What is set is in the campaign's own currency."
    )
    age = day - rates.since
    if age <= _FRESH:
        return text
    return (
        f"{text} That was {age} days ago: as far as rates have moved since, the total is worth "
        f"more or less {into} than it says, at the rates of today."
    )
