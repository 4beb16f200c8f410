"""How records are delivered: the section ``delivery`` of the settings."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class DeliverySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How records are read and written, exactly once."""

    session_timeout_seconds: Annotated[
        float,
        Meta(
            ge=1,
            le=300,
            description="Silence after which Kafka gives a worker's partitions to others.",
        ),
    ] = 15.0
    heartbeat_seconds: Annotated[
        float, Meta(ge=0.1, le=60, description="How often a worker tells Kafka that it lives.")
    ] = 3.0
    rebalance_timeout_seconds: Annotated[
        float, Meta(ge=1, le=900, description="How long a rebalance waits for the step in hand.")
    ] = 60.0
    transaction_timeout_seconds: Annotated[
        float, Meta(ge=1, le=900, description="Age at which Kafka aborts an open transaction.")
    ] = 30.0
    max_step_records: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Most records of one step, and so of one transaction."),
    ] = 4_000
    max_backlog_records: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000_000,
            description="Records a partition may hold in memory before reading pauses.",
        ),
    ] = 20_000
    step_interval_seconds: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            description="Least time from step to step of a partition that has no backlog.",
        ),
    ] = 0.05
    dead_letter_ratio: Annotated[
        float,
        Meta(
            gt=0, le=1, description="Share of dead letters in a window at which the worker stops."
        ),
    ] = 0.5
    dead_letter_window_records: Annotated[
        int,
        Meta(ge=10, le=10_000_000, description="Records over which dead_letter_ratio is taken."),
    ] = 20_000
    dead_letter_run: Annotated[
        int,
        Meta(ge=1, le=10_000_000, description="Dead letters in a row at which the worker stops."),
    ] = 10_000

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.heartbeat_seconds * 3 > self.session_timeout_seconds:
            raise ValueError(
                "session_timeout_seconds must be at least three times heartbeat_seconds, "
                f"was {self.session_timeout_seconds} and {self.heartbeat_seconds}"
            )
