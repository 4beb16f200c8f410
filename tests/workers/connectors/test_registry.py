"""Laws of the registry: what is not used is not imported, what is broken harms nobody else."""

import subprocess
import sys
from pathlib import Path

import pytest

from workers.connectors import registry
from workers.errors import UsageError

GOOD = """
from workers.connectors.simulate import SimulateConnector

class Raw(SimulateConnector):
    name = "raw"
    api_version = 1

class Good(Raw):
    name = "good"

    @classmethod
    def from_settings(cls, options, secrets):
        return cls((), {})

class Old(Good):
    api_version = 0

class Lacking(Good):
    read_state = None
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_connectors.py").write_text(GOOD)
    (tmp_path / "sample_broken.py").write_text("raise RuntimeError('boom')\n")
    about = tmp_path / "sample_connectors-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: sample-connectors\nVersion: 1.0\n"
    )
    (about / "entry_points.txt").write_text(
        "[pacekeeper.connectors]\ngood = sample_connectors:Good\nold = sample_connectors:Old\n"
        "lacking = sample_connectors:Lacking\nraw = sample_connectors:Raw\n"
        "broken = sample_broken:Any\n"
        "absent = sample_connectors:Absent\nlinkedin = sample_connectors:Good\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("sample_connectors", "sample_broken"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("_installed")
def test_a_broken_plug_in_is_told_and_the_others_go_on() -> None:
    wrong = ["old", "lacking", "raw", "broken", "absent", "nowhere", "linkedin"]
    found = registry.plug_ins(["good", *wrong])

    assert list(found.usable) == ["good"]
    assert found.quarantined["old"] == "api_version is 0, wanted is 1"
    assert found.quarantined["lacking"] == "it has no `async def read_state`"
    assert found.quarantined["raw"] == "it has no `def from_settings`"
    assert found.quarantined["broken"] == "RuntimeError: boom"
    assert "Absent" in found.quarantined["absent"]
    assert "nothing that is installed" in found.quarantined["nowhere"]
    assert "built-in" in found.quarantined["linkedin"]


@pytest.mark.usefixtures("_installed")
def test_what_is_not_allowed_is_not_even_imported() -> None:
    found = registry.plug_ins([])

    assert (found.usable, found.quarantined) == ({}, {})
    assert "sample_connectors" not in sys.modules


def test_built_in_connectors_are_imported_where_they_are_used() -> None:
    code = (
        "import sys; from workers.connectors import registry; registry.built_in('simulate');"
        "print([m for m in ('httpx', 'facebook_business', 'google.ads') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_client_that_is_not_installed_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "workers.connectors.linkedin.connector", None)
    with pytest.raises(UsageError) as refused:
        registry.built_in("linkedin")
    assert refused.value.remedy == "pip install 'pacekeeper[linkedin]'"


def test_an_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError) as refused:
        registry.built_in("myspace")
    assert "webhook" in str(refused.value.remedy)
