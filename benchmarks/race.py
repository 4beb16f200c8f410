"""Programs over the same work, turn by turn in one run, so that the machine's moods cancel."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.bench import Bench
from benchmarks.contender import Contender, Run, run

ROUNDS = 3


async def race(
    bench: Bench, contenders: Sequence[Contender], rounds: int = ROUNDS
) -> Mapping[str, float]:
    """Run A B A B …; return each contender's median events per CPU second, by name."""
    runs: dict[str, list[Run]] = {contender.name: [] for contender in contenders}
    for number in range(1, rounds + 1):
        for contender in contenders:
            name = f"{contender.name}-{number}"
            done = await run(contender, bench.cluster, name=name, scratch=bench.scratch)
            shutil.rmtree(bench.scratch / name)
            runs[contender.name].append(done)
            bench.say(
                f"{name}: {done.rate:,.0f} events per CPU second, {done.pace:,.0f} per second"
            )
    return {name: median(run.rate for run in done) for name, done in runs.items()}
