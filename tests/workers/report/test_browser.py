"""The page in a browser: its own policy lets its figures be drawn, and nothing else happen."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workers.report.test_page import HOSTILE, a_report
from workers.report.page import page_of

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium on the path; on Debian: apt-get install chromium"
)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Return what became of a page of hostile names, and what the browser said about it."""
    folder = tmp_path_factory.mktemp("browser")
    path = folder / "report.html"
    path.write_text(page_of(a_report(HOSTILE)), "utf-8")
    return dump(path, folder)


def dump(path: Path, folder: Path) -> tuple[str, str]:
    command = [
        *(str(BROWSER), "--headless=new", "--disable-gpu", "--no-sandbox", "--dump-dom"),
        *("--virtual-time-budget=10000", "--enable-logging=stderr", "--window-size=390,844"),
        *(f"--user-data-dir={folder / 'profile'}", path.as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout, done.stderr


def test_every_figure_is_drawn(opened: tuple[str, str]) -> None:
    dom, _ = opened

    for place in ("pace-0", "heat-0-0", "heat-0-1", "heat-0-2", "calibration"):
        assert re.search(rf'id="{place}"[^>]*><div', dom), place


def test_the_browser_has_nothing_to_complain_about(opened: tuple[str, str]) -> None:
    _, said = opened
    lines = [line for line in said.splitlines() if "CONSOLE" in line]

    assert [line for line in lines if "[bokeh" not in line] == []


def test_a_script_that_is_not_the_pages_own_does_not_run(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    foreign = "<script>document.title = 'taken over'</script></main>"
    path.write_text(page_of(a_report()).replace("</main>", foreign), "utf-8")
    dom, said = dump(path, tmp_path)

    assert "<title>Pacekeeper report</title>" in dom
    assert "Content Security Policy" in said
