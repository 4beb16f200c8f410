"""Kafka's jars: fetched once, each checked against its known SHA-256 every time it is used.

``jars.sha256`` names each jar by its path in a Maven repository, so it is the list of what to
fetch, and ``sha256sum -c`` can check a cache directory with it.
"""

import hashlib
import logging
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import requests
import truststore
from jgo.maven import MavenContext, PythonResolver

from deploy.broker.errors import BrokenDownload
from deploy.broker.report import Report

KAFKA_VERSION = "4.1.1"


@dataclass(frozen=True, kw_only=True)
class Jar:
    """One jar: where it lies in a Maven repository, and the digest it must have."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.rpartition("/")[2]

    @property
    def coordinates(self) -> tuple[str, str, str]:
        """Group, artifact and version."""
        *group, artifact, version, _ = self.path.split("/")
        return ".".join(group), artifact, version


def manifest() -> tuple[Jar, ...]:
    """Return the jars of the pinned Kafka, in class path order."""
    text = files(__package__).joinpath("jars.sha256").read_text(encoding="ascii")
    rows = (line.split() for line in text.splitlines())
    return tuple(Jar(sha256=digest, path=path) for digest, path in rows)


def ensure(
    cache_dir: Path, jars: Iterable[Jar], report: Report, *, mirror: str | None = None
) -> tuple[Path, ...]:
    """Return the paths of the checked jars, fetching those that are missing or damaged.

    ``mirror`` is the address of a Maven repository to fetch from; None is the public one.

    Needs no network when all are there. A jar appears under its name only when it is whole and
    right, so an interrupted run leaves nothing that a later one could mistake.

    Raises
    ------
    BrokenDownload
        Names the jar that could not be fetched, or is not what it should be.
    """
    root, wanted = cache_dir / "jars", tuple(jars)
    bad = [jar for jar in wanted if not _is_whole(root / jar.path, jar)]
    for jar in bad:
        if (root / jar.path).exists():
            report(f"{jar.name} in the cache is damaged, fetching it again")
    if bad:
        report(f"fetching Kafka {KAFKA_VERSION}: {len(bad)} jars")
        _fetch_all(root, bad, mirror)
    return tuple(root / jar.path for jar in wanted)


def _is_whole(path: Path, jar: Jar) -> bool:
    return path.is_file() and digest(path) == jar.sha256


def digest(path: Path) -> str:
    """Return a file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fetch_all(root: Path, jars: Iterable[Jar], mirror: str | None) -> None:
    root.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix=".fetch-", dir=root) as scratch,
        repository(Path(scratch), mirror) as context,
        ThreadPoolExecutor(8) as pool,
    ):
        for _ in pool.map(lambda jar: _fetch(root, jar, context), jars):
            pass


def _fetch(root: Path, jar: Jar, context: MavenContext) -> None:
    group, artifact, version = jar.coordinates
    try:
        fetched = context.project(group, artifact).at_version(version).artifact().resolve()
    except (RuntimeError, OSError, requests.RequestException) as error:
        raise BrokenDownload(jar.name, f"could not be fetched ({error})") from error
    if (found := digest(fetched)) != jar.sha256:
        raise BrokenDownload(jar.name, f"its SHA-256 is {found}, expected {jar.sha256}")
    (root / jar.path).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(fetched, root / jar.path)


@contextmanager
def repository(directory: Path, mirror: str | None = None) -> Iterator[MavenContext]:
    """Give a Maven repository that keeps what it fetches in ``directory``.

    Certificates are judged by the operating system's store meanwhile, as browsers and pip do;
    requests' own list would not know a company's proxy.
    """
    logging.getLogger("jgo").setLevel(logging.ERROR)
    truststore.inject_into_ssl()
    try:
        yield MavenContext(
            resolver=PythonResolver(),
            repo_cache=directory,
            remote_repos={"mirror": mirror} if mirror else None,
            timeout=30,
        )
    finally:
        truststore.extract_from_ssl()
