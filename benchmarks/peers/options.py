"""The command line that every contender has, so that one harness runs them all."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Options:
    """What one run of one contender is told."""

    bootstrap: str
    run: str
    """Application id and consumer group; new for each run, so that each starts from nothing."""
    source: str
    output: str
    partitions: int
    scratch: Path
    """A directory of its own, for local state."""
    job: str
    """A name of `benchmarks.peers.jobs`."""
    prefix: str = ""
    """Of the topics that the optimizer's job reads plans from."""


def read_options() -> Options:
    """Read the command line of a contender's process."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "run", "source", "output"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    parser.add_argument("--job", default="delivery")
    parser.add_argument("--prefix", default="")
    return Options(**vars(parser.parse_args()))


def quiet_loggers() -> None:
    """Leave warnings: building what clients log per record costs stock Faust a third."""
    for name in ("aiokafka", "faust", "mode", "quixstreams"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("aiokafka.", "faust.", "mode.")):
            logging.getLogger(name).setLevel(logging.WARNING)
