"""Renew ``jars.sha256``: ``python -m deploy.broker.resolve``, part of ``make lock``."""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from jgo.maven import MavenContext

from deploy.broker.jars import KAFKA_VERSION, digest, repository


def resolve(context: MavenContext) -> dict[str, str]:
    """Return the digest of each jar that Kafka needs, by its path in a Maven repository.

    Kafka brings log4j but no binding of SLF4J to it, and would log nothing: the binding of
    the same version is added.
    """
    kafka = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}"
    coordinates = _closure(context, [kafka])
    log4j = next(c for c in coordinates if ":log4j-core:" in c).rpartition(":")[2]
    binding = f"org.apache.logging.log4j:log4j-slf4j-impl:{log4j}"
    return dict(_digests(context, {*coordinates, binding}))


def _closure(context: MavenContext, roots: Iterable[str]) -> list[str]:
    inputs = [context.create_dependency(root) for root in roots]
    _, nodes = context.resolver.get_dependency_list(inputs)
    found = [*inputs, *(node.dep for node in nodes)]
    return [f"{dep.groupId}:{dep.artifactId}:{dep.version}" for dep in found]


def _digests(context: MavenContext, coordinates: Iterable[str]) -> Iterable[tuple[str, str]]:
    for text in coordinates:
        group, artifact, version = text.split(":")
        path = context.project(group, artifact).at_version(version).artifact().resolve()
        yield path.relative_to(context.repo_cache).as_posix(), digest(path)


def main() -> None:
    """Write the manifest beside this module."""
    with tempfile.TemporaryDirectory() as scratch, repository(Path(scratch)) as context:
        found = resolve(context)
    lines = [f"{found[path]}  {path}\n" for path in sorted(found)]
    Path(__file__).with_name("jars.sha256").write_text("".join(lines), encoding="ascii")
    sys.stdout.write(f"jars.sha256: {len(lines)} jars of Kafka {KAFKA_VERSION}\n")


if __name__ == "__main__":
    main()
