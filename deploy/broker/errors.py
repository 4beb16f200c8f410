"""What can go wrong with the embedded broker: each error says what, where, and what to do."""

from collections.abc import Sequence
from pathlib import Path


class BrokerError(Exception):
    """The embedded broker cannot do what was asked."""


class PortTaken(BrokerError):
    """Another program listens where the broker should."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is taken by another program: stop that program, "
            "or give the broker another port (0 picks a free one)"
        )
        self.port = port


class AlreadyRunning(BrokerError):
    """A broker on the same data directory is up: two would destroy each other's logs."""

    def __init__(self, data_dir: Path, *, pid: int, bootstrap: str) -> None:
        super().__init__(
            f"a broker (process {pid}) already serves {data_dir} at {bootstrap}: use that one, "
            "stop it with `pacekeeper broker stop`, or choose another data directory"
        )
        self.data_dir, self.pid, self.bootstrap = data_dir, pid, bootstrap


class BeingStarted(BrokerError):
    """Another process is starting or stopping the broker of this data directory right now."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"another process is starting or stopping the broker in {data_dir}: "
            "wait for it to finish, then try again"
        )
        self.data_dir = data_dir


class HalfFormatted(BrokerError):
    """A node's storage holds files, but not what a format leaves."""

    def __init__(self, directory: Path, problem: str) -> None:
        super().__init__(
            f"{directory} is not a whole Kafka storage directory: {problem}. Restore it from a "
            "backup, or move it away (a new, empty one is then made; its topics are gone)"
        )
        self.directory, self.problem = directory, problem


class WrongNodeCount(BrokerError):
    """The data directory belongs to a cluster of another size."""

    def __init__(self, data_dir: Path, *, found: int, asked: int) -> None:
        super().__init__(
            f"{data_dir} holds a cluster of {found} node(s), but {asked} were asked for: "
            f"ask for {found}, or choose another data directory"
        )
        self.data_dir, self.found, self.asked = data_dir, found, asked


class DiskTooFull(BrokerError):
    """The file system has less room than a broker needs to be safe."""

    def __init__(self, directory: Path, *, free: int, needed: int) -> None:
        super().__init__(
            f"{directory} has {free // 2**20} MiB free, the broker needs {needed // 2**20} MiB: "
            "make room, or choose a data directory on another disk (PACEKEEPER_DATA_DIR)"
        )
        self.directory, self.free, self.needed = directory, free, needed


class BrokenDownload(BrokerError):
    """A jar could not be fetched, or is not the one whose digest we know."""

    def __init__(self, jar: str, problem: str) -> None:
        super().__init__(
            f"{jar}: {problem}. Nothing was kept of it. Check the network (a proxy is taken from "
            "HTTPS_PROXY) and run the same command again; jars already checked are not fetched anew"
        )
        self.jar, self.problem = jar, problem


class JavaTooOld(BrokerError):
    """The Java that was named cannot run this Kafka."""

    def __init__(self, java: Path, *, found: int, needed: int) -> None:
        super().__init__(
            f"{java} is Java {found}, but Kafka needs {needed} or newer: name another one in "
            "PACEKEEPER_JAVA, or unset it (the one that came with the requirements is then used)"
        )
        self.java, self.found, self.needed = java, found, needed


class JavaUnusable(BrokerError):
    """What should be a Java does not run."""

    def __init__(self, java: Path, problem: str) -> None:
        super().__init__(
            f"{java} does not run: {problem}. Name a working Java in PACEKEEPER_JAVA, or unset it"
        )
        self.java, self.problem = java, problem


class BrokerFailed(BrokerError):
    """A node, or the tool that formats its storage, ended by itself or did not get ready."""

    def __init__(self, what: str, *, log: Path, tail: Sequence[str]) -> None:
        lines = "\n".join(f"    {line}" for line in tail) or "    (nothing was logged)"
        super().__init__(f"{what}. The end of {log}:\n{lines}")
        self.what, self.log, self.tail = what, log, tuple(tail)


class InvalidSettings(BrokerError):
    """A setting lies outside what a broker can be started with."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{setting}: {problem}")
        self.setting, self.problem = setting, problem
