"""What only some have installed, and what those are told who have not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from workers.cli.main import app


@pytest.mark.parametrize("missing", ["there_is_no_such_client", "google.ads.no_such_client", "a.b"])
@pytest.mark.parametrize("command", [["sandbox"], ["demo", "--platforms", "sandbox"]])
def test_who_lacks_a_platforms_client_is_told_what_to_install_before_anything_is_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str], missing: str
) -> None:
    monkeypatch.setattr("workers.cli.extras._CLIENTS", ("httpx", missing))
    monkeypatch.chdir(tmp_path)

    told = CliRunner(env={"PACEKEEPER_DATA_DIR": str(tmp_path)}).invoke(app, command)

    assert told.exit_code == 2
    assert f"{missing} is not installed" in told.stderr
    assert "pip install 'pacekeeper[all]'" in told.stderr
    assert list(tmp_path.iterdir()) == []
