"""The scorer's steps under construction, and the records that belong to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from schemas.record import CampaignRecord
from workers import draft
from workers.delivery.api import Record, Step, View
from workers.partitioner import partition_of
from workers.scorer.policy import ScorerPolicy
from workers.scorer.rows import Row, RowT, pack, unpack
from workers.told_records import told_in_time_by

CampaignRecordT = TypeVar("CampaignRecordT", bound=CampaignRecord)


class Draft(draft.Draft):
    """Collects one step of an agent of the scorer."""

    def __init__(self, policy: ScorerPolicy, view: View, agent: str) -> None:
        """Begin with the table of ``agent`` as the view has it."""
        super().__init__(view, agent)
        self.policy = policy
        self._rows: dict[bytes, Row] = {}
        self._kept: set[bytes] = set()
        self._others: dict[tuple[str, bytes], Row] = {}

    def row(self, key: bytes, kind: type[RowT]) -> RowT:
        """Return the agent's own row as this step has left it; each is decoded once a step."""
        known = self._rows.get(key)
        if not isinstance(known, kind):
            known = self._rows[key] = unpack(self.read(key), kind)
        return known

    def keep(self, key: bytes, row: Row) -> None:
        """Let the agent's own row be this one from now on."""
        self._rows[key] = row
        self._kept.add(key)

    def drop(self, key: bytes) -> None:
        """Let the agent's own row be gone."""
        self._rows.pop(key, None)
        self._kept.discard(key)
        self.writes[key] = None

    def other(self, agent: str, key: bytes, kind: type[RowT]) -> RowT:
        """Return a row of another agent's table; each is decoded once a step."""
        known = self._others.get((agent, key))
        if not isinstance(known, kind):
            known = unpack(self.view.table(agent).get(key), kind)
            self._others[agent, key] = known
        return known

    def done(self) -> Step:
        """Return the step, with the rows that are kept."""
        for key in self._kept:
            self.writes[key] = pack(self._rows[key])
        return super().done()

    def readable(
        self, records: Sequence[Record], kind: type[CampaignRecordT]
    ) -> Iterator[tuple[CampaignRecordT, Record]]:
        """Yield what each record that belongs here says, with the record."""
        for _, said, record in self.overheard(records, told_in_time_by(kind)):
            yield said, record

    def is_here(self, record: Record, key: bytes) -> bool:
        """Return whether a record sits in its key's partition; count one that does not."""
        if partition_of(key, self.view.partitions) == self.view.partition:
            return True
        self.count("ignored", record.topic, "other_partition")
        return False
