"""Laws of the executor as a program: what it reads, where it writes, and what it refuses to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.errors import UsageError
from workers.executor.policy import ExecutorPolicy
from workers.executor.program import create_program, policy_of
from workers.settings import ExecutorSettings, Settings, TopicSettings


def test_the_executor_reads_each_of_its_topics_with_one_agent_and_seals_the_audit_trail() -> None:
    found = create_program(Settings(topics=TopicSettings(prefix="acme")))

    assert found.name == "acme-executor"
    assert {agent.name: agent.source for agent in found.agents} == {
        name: f"acme.{name}.v1"
        for name in (
            "plans",
            "recommendations",
            "decisions",
            "actions",
            "ticks",
            "edits",
            "movements",
        )
    }
    assert found.journal is not None
    assert found.journal.topic == "acme.audit.v1"
    assert found.broadcasts == ("acme.conditions.v1", "acme.groups.v1")


def test_live_is_refused_until_a_file_names_what_may_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="mode live needs platforms"):
        ExecutorSettings(mode="live")
    file = tmp_path / "platforms.toml"
    settings = Settings(executor=ExecutorSettings(mode="live", platforms=str(file)))
    with pytest.raises(UsageError, match=r"cannot read .*platforms\.toml"):
        create_program(settings)
    file.write_text("[linkedin]\naccounts = { 1 = 'shadow' }\n")

    assert create_program(settings).companion is not None, "secrets are wanted at the start only"
    assert create_program(Settings()).companion is None


@pytest.mark.parametrize("wrong", [{"remembered": 0}, {"patience": -ExecutorPolicy().patience}])
def test_a_policy_that_cannot_be_held_to_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ExecutorPolicy(**wrong)  # type: ignore[arg-type]


def test_who_may_approve_is_named_in_the_settings_with_commas_between() -> None:
    named = Settings(executor=ExecutorSettings(approvers=" ada, Bob von B ,"))

    assert policy_of(named, {}).approvers == ("ada", "Bob von B")
    assert policy_of(Settings(), {}).approvers == ()
    with pytest.raises(ValueError, match="approvers names nobody"):
        ExecutorSettings(approvers=" , ")
