"""Exchange rates from files: read, checked, and compared with those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from schemas.codec import decode
from schemas.errors import SchemaError
from schemas.fx_rate import FxRate
from workers.errors import UsageError
from workers.plans import NUMBERS, read_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A rate that is to be published, and the one that is known, if there is one."""

    rate: FxRate
    before: FxRate | None


def read_rates(files: Iterable[Path], confirmed_by: str | None = None) -> list[FxRate]:
    """Read all rates of ``files``, JSON or TOML: one rate, a list, or a list called ``rates``.

    Parameters
    ----------
    files
        Where they are.
    confirmed_by
        Who has looked at them, where a rate does not say it itself.

    Raises
    ------
    UsageError
        Names the file, the rate and the field that is wrong; or a pair that has two rates.
    """
    rates: dict[bytes, tuple[FxRate, str]] = {}
    for file in files:
        for number, content in enumerate(_contents(file), 1):
            where = f"{file}, rate {number}"
            try:
                rate = decode(NUMBERS.encode(content), FxRate)
                if confirmed_by is not None and rate.confirmed_by is None:
                    rate = replace(rate, confirmed_by=confirmed_by)
            except SchemaError as error:
                raise UsageError(f"{where}: {error}") from error
            if rate.key in rates:
                pair, before = rate.key.decode(), rates[rate.key][1]
                raise UsageError(f"{where}: {pair} has a rate already in {before}")
            rates[rate.key] = rate, where
    return [rate for rate, _ in rates.values()]


def news(rates: Iterable[FxRate], known: Mapping[bytes, bytes | None]) -> list[Told]:
    """Compare rates with those that were published, and leave out what is the same.

    Parameters
    ----------
    rates
        What is to be published.
    known
        Key to the stored rate, ``None`` or absent when there is none.

    Raises
    ------
    UsageError
        A rate is of an instant before that of the one that is known.
    """
    found = []
    for rate in rates:
        before = _readable(known.get(rate.key))
        if before == rate:
            continue
        if before is not None and rate.as_of < before.as_of:
            pair, then = rate.key.decode(), before.as_of.isoformat()
            raise UsageError(
                f"{pair}: as_of {rate.as_of.isoformat()} is before {then}, of which one is known",
                remedy="leave it out, or give the instant that it is right for",
            )
        found.append(Told(rate=rate, before=before))
    return found


def _contents(file: Path) -> Sequence[object]:
    found = read_file(file)
    if isinstance(found, dict) and set(found) == {"rates"}:
        found = found["rates"]
    return found if isinstance(found, list) else [found]


def _readable(stored: bytes | None) -> FxRate | None:
    try:
        return decode(stored, FxRate) if stored else None
    except SchemaError:
        return None
