"""The delivery job in Java on Kafka Streams, exactly once; built by Maven when there is one."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parent
MAIN = "org.pacekeeper.benchmarks.DeliveryPeer"
NEEDS = "needs a JDK ≥ 17 and Maven"
OLDEST_JAVA = 17


class BuildError(Exception):
    """The peer could not be built; carries what Maven said."""


def missing() -> bool:
    """Tell whether this machine lacks what the peer is built with."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        return True
    compiler = shutil.which("javac")
    return compiler is None or _version(compiler) < OLDEST_JAVA


def _version(compiler: str) -> int:
    said = subprocess.run([compiler, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r"javac (\d+)", said.stdout + said.stderr)
    return int(found[1]) if found else 0


def build(cache: Path) -> Path:
    """Build the peer and gather its jars below ``cache``; return their directory."""
    place = cache / "kafka-streams-peer"
    command = ("mvn", "-q", "-B", f"-Dcache.directory={place}", "package")
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(
            f"Maven could not build the peer in {PROJECT}:\n{done.stdout}{done.stderr}"
        )
    return place / "jars"


def command(jars: Path, store: str = "memory") -> tuple[str, ...]:
    """Return how to run it; the other ``store``, ``rocksdb``, is some 40 % slower."""
    return ("java", "-Xms1g", "-Xmx1500m", "-cp", f"{jars}/*", MAIN, "--store", store)
