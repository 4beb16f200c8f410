"""``python -m benchmarks``: take the figures, print a line for each, exit 1 when one is short."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.catalogue import FIGURES
from benchmarks.cluster import Cluster
from benchmarks.figure import Figure, NotMeasurable, Outcome
from benchmarks.process import BenchError
from deploy.broker import Broker, BrokerError, BrokerSettings, default_cache_dir


def main() -> int:
    """Take the figures asked for; 0: all kept, 1: one was short, 2: one could not be taken."""
    arguments = _arguments()
    # Topics come and go here, and clients tell each as an error; what matters is raised.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    wanted = [f for f in FIGURES if not arguments.only or f.name in arguments.only]
    try:
        outcomes = _take(wanted, as_json=arguments.json)
    except (BenchError, BrokerError) as error:
        print(error, file=sys.stderr)
        return 2
    return int(any(outcome.short for outcome in outcomes))


def _arguments() -> argparse.Namespace:
    names = [figure.name for figure in FIGURES]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Take Pacekeeper's figures on a real Kafka; all of them need about 25 minutes.",
        epilog="Figures: " + ", ".join(names) + ". How each is taken: docs/figures.md.",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=names,
        metavar="NAME",
        help="this figure; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per line")
    return parser.parse_args()


def _take(figures: Sequence[Figure], *, as_json: bool) -> list[Outcome]:
    cache = default_cache_dir(os.environ)
    with tempfile.TemporaryDirectory(prefix="pacekeeper-bench-") as place:
        scratch, data = Path(place, "runs"), Path(place, "kafka")
        scratch.mkdir()
        settings = BrokerSettings(data_dir=data, cache_dir=cache, port=0)
        with Broker(settings) as broker:
            return asyncio.run(
                _measure(figures, broker.bootstrap, (scratch, data, cache), as_json=as_json)
            )


async def _measure(
    figures: Sequence[Figure], bootstrap: str, places: tuple[Path, Path, Path], *, as_json: bool
) -> list[Outcome]:
    scratch, data, cache = places
    outcomes = []
    async with Cluster(bootstrap) as cluster:
        bench = Bench(cluster=cluster, scratch=scratch, data=data, cache=cache)
        for figure in figures:
            bench.say(f"{figure.name}: {figure.about}")
            outcome = await _outcome(figure, bench)
            outcomes.append(outcome)
            text = json.dumps(outcome.as_json()) if as_json else outcome.line()
            print(text, flush=True)
    return outcomes


async def _outcome(figure: Figure, bench: Bench) -> Outcome:
    try:
        return Outcome(figure=figure, value=await figure.measure(bench))
    except NotMeasurable as reason:
        return Outcome(figure=figure, skipped=str(reason))


if __name__ == "__main__":
    sys.exit(main())
