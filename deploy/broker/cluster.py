"""The nodes together: made ready, started, waited for, stopped; single nodes for fault tests."""

import fcntl
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psutil

from deploy.broker import config, jars, java, ports, process, ready, storage
from deploy.broker.config import Node
from deploy.broker.errors import AlreadyRunning, BeingStarted, BrokerFailed, PortTaken
from deploy.broker.report import Report, tell_killed
from deploy.broker.settings import BrokerSettings

_LOOK_EVERY = 0.1
_TELL_EVERY = 10.0
_OTHER_PORTS = 3
_COMPILE_LIGHTLY = "-XX:TieredStopAtLevel=1"


class Cluster:
    """One cluster's processes; ``owner`` is whom they must not outlive, 0 for nobody."""

    def __init__(self, settings: BrokerSettings, *, owner: int, report: Report) -> None:
        self.settings = settings
        self.nodes = ports.plan(settings)
        self._owner = owner
        self._report = report
        self._java: list[str] = []
        self._launched: dict[int, process.Launched] = {}

    def start(self) -> None:
        """Start every node and wait until all are up; on failure none is left running."""
        with exclusive(self.settings.data_dir):
            self._refuse_second_start()
            # Between the choice of a free port and Kafka's own bind another program may take it.
            for _ in range(_OTHER_PORTS if self.settings.port == 0 else 0):
                with suppress(PortTaken):
                    return self._start_all()
                self.nodes = ports.plan(self.settings)
            return self._start_all()

    def _start_all(self) -> None:
        with ExitStack() as on_failure:
            self._prepare()
            on_failure.callback(self.stop)
            for node in self.nodes:
                self._launch(node)
            for node in self.nodes:
                self._wait(node, set(self._launched))
            on_failure.pop_all()

    def stop(self) -> None:
        """Stop every node that runs, cleanly if it lets us."""
        pids = {launched.pid: node_id for node_id, launched in self._launched.items()}
        killed = process.end(list(pids), grace=self.settings.stop_timeout)
        for pid in killed:
            tell_killed(self._report, pids[pid], self.settings.stop_timeout)
        for node_id in tuple(self._launched):
            self._forget(node_id)

    def start_node(self, node_id: int) -> None:
        """Start one node again, on its old port, and wait until it serves."""
        node = self._node(node_id)
        if node_id in self.ended_nodes():
            self._forget(node_id)
        ports.check_free([node])
        self._launch(node)
        self._wait(node, {node_id})

    def ended_nodes(self) -> tuple[int, ...]:
        """Return the nodes whose process has ended without being asked to."""
        running = self._launched.items()
        return tuple(number for number, each in running if not process.is_alive(each.pid))

    def stop_node(self, node_id: int) -> None:
        """Stop one node cleanly."""
        process.end([self._launched[node_id].pid], grace=self.settings.stop_timeout)
        self._forget(node_id)

    def kill_node(self, node_id: int) -> None:
        """Kill one node (SIGKILL) and wait until it is gone."""
        os.kill(self._launched[node_id].pid, signal.SIGKILL)
        self._forget(node_id)

    def pause_node(self, node_id: int) -> None:
        """Stop one node's execution (SIGSTOP): its connections stay open and silent."""
        process.pause(self._launched[node_id].pid)

    def resume_node(self, node_id: int) -> None:
        """Let a paused node go on (SIGCONT)."""
        psutil.Process(self._launched[node_id].pid).resume()

    def _forget(self, node_id: int) -> None:
        self._launched.pop(node_id).guard.wait()
        process.forget(self._node(node_id).directory)

    def _node(self, node_id: int) -> Node:
        return next(node for node in self.nodes if node.node_id == node_id)

    def _refuse_second_start(self) -> None:
        for node in self.nodes:
            if found := process.find(node.directory):
                address = f"{config.HOST}:{found.port}"
                raise AlreadyRunning(self.settings.data_dir, pid=found.pid, bootstrap=address)
            process.forget_stale(node.directory, self._report)

    def _prepare(self) -> None:
        settings = self.settings
        storage.check_room(settings.data_dir, settings.min_free_bytes)
        storage.check_node_count(settings)
        ports.check_free(self.nodes)
        runtime = java.find(os.environ, named=settings.java)
        class_path = jars.ensure(
            settings.cache_dir, jars.manifest(), self._report, mirror=settings.mirror
        )
        self._java = [str(runtime), "-cp", os.pathsep.join(map(str, class_path))]
        for node in self.nodes:
            config.write_properties(node, self.nodes, settings)
        storage.prepare(self.nodes, [*self._java, _COMPILE_LIGHTLY], settings.scram_users)

    def _launch(self, node: Node) -> None:
        if storage.was_killed(node):
            size = storage.stored_bytes(node) / 2**20
            self._report(
                f"node {node.node_id} was not stopped cleanly: before it opens its port, Kafka "
                f"checks its logs ({size:,.0f} MiB) and waits for the end of its old session"
            )
        command = [*self._java, *self._options(node), "kafka.Kafka", str(node.properties_file)]
        self._launched[node.node_id] = process.launch(
            node, command, owner=self._owner, grace=self.settings.stop_timeout
        )

    def _options(self, node: Node) -> Iterable[str]:
        log4j = Path(__file__).with_name("log4j2.properties")
        yield from ("-Xms256m", f"-Xmx{self.settings.heap_mib}m", "-XX:+UseSerialGC")
        yield "-Djava.awt.headless=true"
        if self.settings.short_lived:
            yield _COMPILE_LIGHTLY
        yield f"-Dlog4j2.configurationFile={log4j}"
        yield f"-Dpacekeeper.broker.log={node.log}"

    def _wait(self, node: Node, expected: set[int]) -> None:
        patience = self.settings.start_timeout * (10 if storage.was_killed(node) else 1)
        begun = told = time.monotonic()
        while not _serves(node, expected):
            self._check_alive(node)
            now = time.monotonic()
            if now - begun > patience:
                what = f"node {node.node_id} was not ready after {patience:.0f} s"
                raise BrokerFailed(what, log=node.log, tail=process.tail(node.log))
            if now - told > _TELL_EVERY:
                told = now
                self._report(f"node {node.node_id} is still starting ({now - begun:.0f} s)")
            time.sleep(_LOOK_EVERY)

    def _check_alive(self, node: Node) -> None:
        if process.is_alive(self._launched[node.node_id].pid):
            return
        ports.check_free([node])
        lines = process.tail(node.log) or process.tail(node.directory / "console.log")
        raise BrokerFailed(f"node {node.node_id} ended while starting", log=node.log, tail=lines)


def _serves(node: Node, expected: set[int]) -> bool:
    view = ready.ask(node.port)
    return view is not None and view.controller >= 0 and expected <= view.brokers


@contextmanager
def exclusive(data_dir: Path) -> Iterator[None]:
    """Hold the data directory for the time of a start or a stop."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BeingStarted(data_dir) from error
        yield
