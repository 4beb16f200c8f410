"""Laws of logs: one JSON object per line, for our events and for those of libraries."""

import io
import json
import logging
from typing import Any

import structlog
from aiokafka.errors import NotEnoughReplicasError, NotLeaderForPartitionError

from workers.logs import configure_logging
from workers.settings import LogSettings


def logged(settings: LogSettings) -> tuple[io.StringIO, list[dict[str, Any]]]:
    stream = io.StringIO()
    configure_logging(settings, stream=stream)
    log = structlog.get_logger("pacekeeper")
    log.info("decided", campaigns=3, text="two\nlines")
    log.debug("detail")
    logging.getLogger("aiokafka.consumer").info("heartbeat")
    logging.getLogger("aiokafka.consumer").warning("lost %s", "it")
    log.error("failed", exc_info=ValueError("why"))
    return stream, [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_is_one_line_of_json_that_begins_with_when_and_what() -> None:
    stream, events = logged(LogSettings())

    assert [event["event"] for event in events] == ["decided", "lost it", "failed"]
    assert stream.getvalue().startswith('{"time":"')
    assert list(events[0])[:3] == ["time", "level", "event"]
    assert (events[0]["campaigns"], events[0]["text"]) == (3, "two\nlines")
    assert "ValueError" in json.dumps(events[2]["exception"])


def test_the_level_is_the_least_that_is_told() -> None:
    assert [event["event"] for event in logged(LogSettings(level="error"))[1]] == ["failed"]


def test_a_transaction_that_is_being_verified_is_no_news_and_all_else_of_the_kind_is() -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(), stream=stream)
    retrying = "Got error produce response on topic-partition %s, retrying. Error: %s"
    sender = logging.getLogger("aiokafka.producer.sender")

    sender.warning(retrying, "t[0]", NotEnoughReplicasError)
    sender.warning(retrying, "t[1]", NotLeaderForPartitionError)
    sender.warning("Cannot send %r to %s: %r", "request", 1, "why")
    logging.getLogger("aiokafka.consumer.fetcher").warning("Not authorized to read from %s", "t")

    told = [json.loads(line)["event"] for line in stream.getvalue().splitlines()]
    assert [event.split()[0] for event in told] == ["Got", "Cannot", "Not"]
    assert "t[1]" in told[0]


def test_text_is_for_reading() -> None:
    stream = io.StringIO()
    configure_logging(LogSettings(format="text"), stream=stream)

    structlog.get_logger("pacekeeper").info("decided", campaigns=3)

    assert "decided" in stream.getvalue()
    assert "campaigns=3" in stream.getvalue()
