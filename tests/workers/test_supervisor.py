"""Laws of the supervisor, on real processes: start again, give up, stop, kill."""

import asyncio
import re
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.waiting import eventually
from workers.supervisor import Child, ChildFailedError, Policy, Restart, Supervisor, last_lines

ROOT = Path(__file__).parents[2]
QUICK = Policy(first_delay_seconds=0.01, longest_delay_seconds=0.05, attempts=3, stop_seconds=5.0)


def python(directory: Path, code: str, *, name: str = "child") -> Child:
    return Child(name=name, command=(sys.executable, "-c", code), log=directory / f"{name}.log")


async def until(line: str, log: Path, *, times: int = 1) -> None:
    def told() -> bool:
        return log.exists() and log.read_text().count(line) >= times

    assert await asyncio.to_thread(eventually, told, seconds=20)


def nobody(restart: Restart) -> None:
    raise AssertionError(restart)


async def test_a_child_that_ends_is_started_again_and_that_is_told(tmp_path: Path) -> None:
    told: list[Restart] = []
    child = python(tmp_path, "print('ran', flush=True); raise SystemExit(70)")
    supervisor = Supervisor([child], QUICK, tell=told.append)

    with pytest.raises(ChildFailedError) as failed:
        await supervisor.run()

    assert [restart.code for restart in told] == [70, 70]
    assert child.log.read_text().count("ran") == 3
    assert failed.value.code == 70
    assert "ran" in str(failed.value)


async def test_what_is_told_of_an_end_is_of_that_attempt_wherever_its_log_went(
    tmp_path: Path,
) -> None:
    """An earlier attempt left its words in the log; then the log is moved while the child runs."""
    code = (
        "import pathlib, sys\n"
        f"log = pathlib.Path({str(tmp_path / 'child.log')!r})\n"
        "print('true reason', flush=True)\n"
        "log.rename(log.with_suffix('.log.1'))\n"
        "log.write_text('false reason')\n"
        "sys.exit(2)"
    )
    child = python(tmp_path, code)
    child.log.write_text("old reason\n")

    with pytest.raises(ChildFailedError) as failed:
        await Supervisor([child], QUICK, tell=nobody).run()

    assert [line.strip() for line in str(failed.value).splitlines()[1:]] == ["true reason"]


@pytest.mark.parametrize("code", [2, 65])
async def test_starting_again_is_not_tried_where_it_cannot_help(tmp_path: Path, code: int) -> None:
    child = python(tmp_path, f"print('ran', flush=True); raise SystemExit({code})")

    with pytest.raises(ChildFailedError):
        await Supervisor([child], QUICK, tell=nobody).run()

    assert child.log.read_text().count("ran") == 1


async def test_a_limit_of_unreadable_records_is_told_in_words_and_where_to_read_on(
    tmp_path: Path,
) -> None:
    with pytest.raises(ChildFailedError) as failed:
        await Supervisor([python(tmp_path, "raise SystemExit(65)")], QUICK, tell=nobody).run()

    told = str(failed.value)
    assert "child ended with exit code 65 (too many records, in a row or as a share, could" in told
    assert "nothing of that step was committed" in told
    page, heading = re.findall(r"(docs/\S+\.md), '(.*)'", told)[0]
    assert f"\n### {heading}\n" in (ROOT / page).read_text(encoding="utf-8")


async def test_a_child_that_was_stable_in_between_is_not_failing_in_a_row(tmp_path: Path) -> None:
    policy = Policy(first_delay_seconds=0.01, attempts=2, stable_seconds=0.0, stop_seconds=5.0)
    child = python(tmp_path, "print('ran', flush=True); raise SystemExit(1)")
    supervisor = Supervisor([child], policy, tell=lambda _: None)

    running = asyncio.create_task(supervisor.run())
    await until("ran", child.log, times=4)
    supervisor.stop()
    await running


async def test_when_one_is_hopeless_the_others_are_stopped_before_it_is_told(
    tmp_path: Path,
) -> None:
    well = python(
        tmp_path,
        "import os, time\nprint(os.getpid(), 'up', flush=True)\ntime.sleep(60)",
        name="well",
    )
    ill = python(
        tmp_path,
        f"import pathlib, time\nwhile 'up' not in pathlib.Path({str(well.log)!r}).read_text():"
        " time.sleep(.01)\nraise SystemExit(2)",
        name="ill",
    )
    well.log.touch()

    with pytest.raises(ChildFailedError, match="ill ended with exit code 2"):
        await Supervisor([well, ill], QUICK, tell=lambda _: None).run()

    assert not psutil.pid_exists(int(well.log.read_text().split()[0]))


async def test_stopping_lets_a_child_finish_what_it_has_in_hand(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "def finish(*_): print('finished', flush=True); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, finish)\n"
        "print('up', flush=True)\n"
        "while True: time.sleep(1)"
    )
    child = python(tmp_path, code)
    supervisor = Supervisor([child], QUICK, tell=nobody)

    running = asyncio.create_task(supervisor.run())
    await until("up", child.log)
    supervisor.stop()
    await running

    assert child.log.read_text().split() == ["up", "finished"]


async def test_ctrl_c_in_the_terminal_reaches_a_child_only_through_the_supervisor(
    tmp_path: Path,
) -> None:
    child = python(tmp_path, "import os; print(os.getsid(0) == os.getpid()); raise SystemExit(2)")

    with pytest.raises(ChildFailedError):
        await Supervisor([child], QUICK, tell=nobody).run()

    assert child.log.read_text() == "True\n"


@pytest.mark.parametrize("twice", [False, True], ids=["limit passed", "asked twice"])
async def test_a_child_that_will_not_stop_is_killed(tmp_path: Path, *, twice: bool) -> None:
    code = (
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True))\n"
        "print(os.getpid(), 'up', flush=True)\n"
        "while True: time.sleep(1)"
    )
    child = python(tmp_path, code)
    policy = Policy(stop_seconds=600.0 if twice else 0.2)
    supervisor = Supervisor([child], policy, tell=nobody)

    running = asyncio.create_task(supervisor.run())
    await until("up", child.log)
    supervisor.stop()
    if twice:
        await until("asked", child.log)
        supervisor.stop()
    async with asyncio.timeout(20):
        await running

    assert not psutil.pid_exists(int(child.log.read_text().split()[0]))


async def test_a_pause_before_a_restart_ends_when_all_is_to_stop(tmp_path: Path) -> None:
    waiting = asyncio.Event()
    child = python(tmp_path, "raise SystemExit(1)")
    policy = Policy(first_delay_seconds=3600.0, longest_delay_seconds=3600.0)
    supervisor = Supervisor([child], policy, tell=lambda _: waiting.set())

    running = asyncio.create_task(supervisor.run())
    await waiting.wait()
    supervisor.stop()
    async with asyncio.timeout(20):
        await running


@given(st.integers(1, 10_000))
def test_pauses_never_shrink_and_never_exceed_the_longest(failures: int) -> None:
    policy = Policy()

    assert policy.delay(failures) <= policy.delay(failures + 1) <= policy.longest_delay_seconds
    assert policy.delay(1) == policy.first_delay_seconds


def test_the_end_of_a_log_tells_problems_and_leaves_out_what_went_well(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(
        '{"time":"T1","level":"info","event":"ready"}\n'
        '{"time":"T2","level":"error","event":"crashed","problem":"no disk","logger":"x"}\n'
        "Traceback\n"
    )

    assert last_lines(log) == ["T2 crashed problem=no disk", "Traceback"]


def test_a_problem_that_is_told_again_and_again_hides_no_other(tmp_path: Path) -> None:
    log = tmp_path / "log"
    again = "".join(f'{{"time":"T{n}","level":"error","event":"taken"}}\n' for n in range(2, 20))
    log.write_text('{"time":"T1","level":"error","event":"no disk"}\n' + again + "bye\nbye\n")

    assert [line.strip() for line in last_lines(log)] == ["T1 no disk", "T19 taken", "bye"]


def test_the_end_of_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "none") == []
