"""A worker for tests: it remembers each record, and repeats it in another topic."""

import sys
from collections.abc import Sequence

import msgspec

from workers.delivery.api import Agent, Output, Program, Record, Step, View
from workers.errors import WorkerError
from workers.logs import configure_logging
from workers.run_worker import Worker, run_worker
from workers.settings import Settings


def program(prefix: str) -> Program:
    def step(_view: View, records: Sequence[Record]) -> Step:
        return Step(
            writes={record.key: record.value for record in records if record.key},
            outputs=[
                Output(f"{prefix}.recommendations.v1", record.key, record.value)
                for record in records
            ],
            counts={("events", "accepted"): len(records)},
        )

    agent = Agent(name="metrics", source=f"{prefix}.metrics.v1", step=step)
    return Program(name=f"{prefix}-echo", agents=(agent,))


def main(settings: Settings) -> int:
    configure_logging(settings.log)
    worker = Worker(name="optimizer", program=program(settings.topics.prefix), settings=settings)
    try:
        return run_worker(worker)
    except WorkerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main(msgspec.json.decode(sys.argv[1], type=Settings)))
