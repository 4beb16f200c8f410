"""Turns the rows of a report into metrics events, or into refusals with their reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from schemas import MetricsEvent, Reason, RecordMode, SchemaError, campaign_key, encode
from schemas.refusals import as_schema_error
from workers.importer.binding import Binding, Cells
from workers.importer.local_time import LocalClock
from workers.importer.refusals import Refusal, RowRefusedError
from workers.importer.tables import Row

REPEATED_ROW = "repeated_row"

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One row as a record of the metrics topic."""

    row: int
    key: bytes
    value: bytes
    event: MetricsEvent


class Converter:
    """Converts one file, row after row.

    Parameters
    ----------
    binding
        The map, fitted to the file.
    replay
        Say of each hour that it was told when it ended, so that it is decided about as if so.
    """

    def __init__(self, binding: Binding, *, replay: bool = False) -> None:
        self._binding = binding
        self._replay = replay
        fields = {column.field for column in binding.columns}
        # An hour has any number of deltas: their order does not tell a repeated hour's two apart.
        deltas = "record_mode" in fields or binding.constants.get("record_mode") == RecordMode.DELTA
        in_order = binding.report.time.repeated_hour == "in_order"
        self._clock = LocalClock(refuse_repeated=deltas or not in_order)
        self._versioned = not fields.isdisjoint({"sequence_number", "emitted_at"})
        self._hours: dict[bytes, set[datetime]] = {}
        self._newest: dict[bytes, datetime] = {}
        self.out_of_order = 0
        """Rows of an hour before one that came earlier, of the same campaign."""

    def convert(self, rows: Iterable[Row]) -> Iterator[Published | Refusal]:
        """Yield what becomes of each row, in order; sums over rows are passed over."""
        totals, width = self._binding.report.rows.totals, len(self._binding.header)
        for number, cells in rows:
            if totals and str(cells[0]).startswith(totals):
                continue
            try:
                if len(cells) != width:
                    detail = f"the row has {len(cells)} cells and the header {width}"
                    raise RowRefusedError("", Reason.WRONG_TYPE, detail)  # noqa: TRY301
                yield self._row(number, cells)
            except (RowRefusedError, SchemaError) as error:
                yield Refusal(
                    row=number,
                    cells=tuple(cells),
                    field=error.field,
                    reason=str(error.reason),
                    detail=error.detail,
                )

    def _row(self, number: int, cells: Cells) -> Published:
        values = dict(self._binding.constants)
        for column in self._binding.columns:
            value = column.read(cells[column.index]) if column.index >= 0 else None
            if value is None:
                value = column.default
            if value is not None:
                values[column.field] = value
        start = self._hour(cells, values)
        values["window_start"] = start
        if self._replay:
            values["emitted_at"] = start + _HOUR
        event = _event(values)
        key = campaign_key(event.platform, event.account_id, event.campaign_id)
        self._refuse_repeated(event, key)
        return Published(row=number, key=key, value=encode(event), event=event)

    def _hour(self, cells: Cells, values: dict[str, Any]) -> datetime:
        start = self._binding.start(cells)
        if start.tzinfo is not None:
            return start
        timezone = values.get("account_timezone")
        if timezone is None:
            detail = "has no zone; name the account's with --set account_timezone=Europe/Berlin"
            raise RowRefusedError("window_start", Reason.NAIVE_TIME, detail)
        campaign = (values.get("account_id"), values.get("campaign_id"))
        return self._clock.to_utc(start, timezone, campaign)

    def _refuse_repeated(self, event: MetricsEvent, key: bytes) -> None:
        newest = self._newest.setdefault(key, event.window_start)
        if event.window_start < newest:
            self.out_of_order += 1
        else:
            self._newest[key] = event.window_start
        if event.is_delta or self._versioned:
            return
        hours = self._hours.setdefault(key, set())
        if event.window_start in hours:
            detail = (
                "the file has another row of this campaign and hour, which this one would replace; "
                "export it by campaign, not by ad set or device, or sum such rows first"
            )
            raise RowRefusedError("window_start", REPEATED_ROW, detail)
        hours.add(event.window_start)


def _event(values: dict[str, Any]) -> MetricsEvent:
    try:
        return msgspec.convert(values, MetricsEvent)
    except msgspec.ValidationError as error:
        raise as_schema_error(error, b"{}") from error
