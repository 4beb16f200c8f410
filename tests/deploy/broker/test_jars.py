import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.broker import jars
from deploy.broker.errors import BrokenDownload
from deploy.broker.jars import Jar

CONTENT = b"not really a jar, but whole"
JAR = Jar(path="org/example/thing/1.0/thing-1.0.jar", sha256=hashlib.sha256(CONTENT).hexdigest())
NOWHERE = "http://127.0.0.1:9"


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class CutHandler(QuietHandler):
    """Promises a whole file and hangs up half-way."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: len(CONTENT) // 2])


def serve(handler: type[QuietHandler], directory: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(directory)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return where the test's repository keeps its one jar."""
    path = tmp_path / "published" / JAR.path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def mirror(published: Path) -> Iterator[str]:
    yield from serve(QuietHandler, published.parents[4])


@pytest.fixture
def cutting_mirror(published: Path) -> Iterator[str]:
    yield from serve(CutHandler, published.parents[4])


def ensure(cache: Path, mirror: str, said: list[str] | None = None) -> tuple[Path, ...]:
    return jars.ensure(cache, [JAR], (said if said is not None else []).append, mirror=mirror)


def files_in(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_a_jar_is_fetched_once_and_then_needs_no_network(tmp_path: Path, mirror: str) -> None:
    (first,) = ensure(tmp_path / "cache", mirror)
    (second,) = ensure(tmp_path / "cache", NOWHERE)

    assert first == second
    assert second.read_bytes() == CONTENT


def test_a_jar_that_is_not_the_known_one_is_refused_by_name_and_not_kept(
    tmp_path: Path, mirror: str, published: Path
) -> None:
    published.write_bytes(CONTENT + b"!")

    with pytest.raises(BrokenDownload, match=r"thing-1\.0\.jar: its SHA-256 is") as refused:
        ensure(tmp_path / "cache", mirror)

    assert refused.value.jar == "thing-1.0.jar"
    assert files_in(tmp_path / "cache") == []


def test_a_download_that_breaks_off_is_noticed_and_the_next_run_succeeds(
    tmp_path: Path, mirror: str, cutting_mirror: str
) -> None:
    with pytest.raises(BrokenDownload, match="run the same command again"):
        ensure(tmp_path / "cache", cutting_mirror)

    assert files_in(tmp_path / "cache") == []
    assert ensure(tmp_path / "cache", mirror)


def test_a_repository_that_does_not_answer_is_said_to_be_a_matter_of_the_network(
    tmp_path: Path,
) -> None:
    with pytest.raises(BrokenDownload, match="HTTPS_PROXY"):
        ensure(tmp_path / "cache", NOWHERE)


def test_a_jar_that_was_damaged_in_the_cache_is_named_and_fetched_again(
    tmp_path: Path, mirror: str
) -> None:
    (path,) = ensure(tmp_path / "cache", mirror)
    path.write_bytes(CONTENT[:-1])
    said: list[str] = []

    ensure(tmp_path / "cache", mirror, said)

    assert path.read_bytes() == CONTENT
    assert said[0] == "thing-1.0.jar in the cache is damaged, fetching it again"


def test_the_manifest_holds_kafka_and_a_binding_of_the_very_log4j_it_brings() -> None:
    versions = {jar.coordinates[1]: jar.coordinates[2] for jar in jars.manifest()}

    assert versions["kafka_2.13"] == versions["kafka-clients"] == jars.KAFKA_VERSION
    assert versions["log4j-slf4j-impl"] == versions["log4j-core"]
    assert all(len(jar.sha256) == 64 for jar in jars.manifest())
