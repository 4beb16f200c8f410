"""Exchange rates from files: read, checked, and compared with those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from schemas.fx_rate import FxRate
from workers.errors import UsageError
from workers.record_changes import Change, changes_of
from workers.record_files import Form, read_records, reader_of


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

    def confirmed(rate: FxRate) -> FxRate:
        if confirmed_by is None or rate.confirmed_by is not None:
            return rate
        return replace(rate, confirmed_by=confirmed_by)

    form = Form(read=reader_of(FxRate), one="rate", many="rates", amend=confirmed)
    return read_records(files, form)


def news(rates: Iterable[FxRate], known: Mapping[bytes, bytes | None]) -> list[Change[FxRate]]:
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
    return changes_of(rates, known, _refuse_earlier)


def _refuse_earlier(rate: FxRate, before: FxRate) -> None:
    if rate.as_of < before.as_of:
        pair, then = rate.key.decode(), before.as_of.isoformat()
        raise UsageError(
            f"{pair}: as_of {rate.as_of.isoformat()} is before {then}, of which one is known",
            remedy="leave it out, or give the instant that it is right for",
        )
