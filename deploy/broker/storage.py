"""A node's storage: formatted once, recognised ever after, refused when it is not whole."""

import base64
import shutil
import subprocess
import uuid
from collections.abc import Sequence
from pathlib import Path

from deploy.broker.config import Node
from deploy.broker.errors import BrokerFailed, DiskTooFull, HalfFormatted, WrongNodeCount
from deploy.broker.settings import BrokerSettings, ScramUser

META = "meta.properties"
CLEAN_SHUTDOWN = ".kafka_cleanshutdown"
"""Kafka leaves this file when it was stopped, not killed."""


def check_room(directory: Path, needed: int) -> None:
    """Refuse a disk with fewer than ``needed`` free bytes."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise DiskTooFull(directory, free=free, needed=needed)


def check_node_count(settings: BrokerSettings) -> None:
    """Refuse a data directory whose cluster has another size than asked for."""
    found = sum(1 for path in settings.data_dir.glob("node-*/storage"))
    if found not in {0, settings.nodes}:
        raise WrongNodeCount(settings.data_dir, found=found, asked=settings.nodes)


def prepare(nodes: Sequence[Node], java: Sequence[str], users: Sequence[ScramUser]) -> None:
    """Format every node's storage, unless it is whole already.

    ``java`` is the command up to the main class. A format happens beside its place and is
    moved there when done: an interrupted one leaves nothing behind that counts.
    """
    fresh = [node for node in nodes if not node.storage.exists()]
    for node in nodes:
        if node not in fresh:
            _check_whole(node)
    cluster_id = new_cluster_id()
    for node in fresh:
        _format(node, cluster_id, java, users)


def new_cluster_id() -> str:
    """Return a random id in Kafka's form: 16 bytes, URL-safe base64, not starting with a dash."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[:22]).startswith("-"):
        pass
    return text


def was_killed(node: Node) -> bool:
    """Tell whether the node's last run ended without a clean stop, so that logs get checked."""
    ran = (node.storage / "__cluster_metadata-0").is_dir() and any(node.storage.glob("*-*/*.log"))
    return ran and not (node.storage / CLEAN_SHUTDOWN).exists() and _has_started(node)


def _has_started(node: Node) -> bool:
    # Kafka writes checkpoints on its first run; a fresh format has none.
    return (node.storage / "recovery-point-offset-checkpoint").exists()


def stored_bytes(node: Node) -> int:
    """Return the size of the node's log segments, bytes (what a check has to read at most)."""
    return sum(path.stat().st_size for path in node.storage.glob("*/*.log"))


def _check_whole(node: Node) -> None:
    meta = node.storage / META
    if not meta.is_file():
        raise HalfFormatted(node.storage, f"it has no {META}")
    lines = meta.read_text(encoding="utf-8", errors="replace").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    if not values.get("cluster.id"):
        raise HalfFormatted(node.storage, f"its {META} names no cluster")
    if values.get("node.id") != str(node.node_id):
        found = values.get("node.id", "no node")
        raise HalfFormatted(node.storage, f"its {META} names node {found}, not {node.node_id}")


def _format(node: Node, cluster_id: str, java: Sequence[str], users: Sequence[ScramUser]) -> None:
    draft = node.directory / "storage.formatting"
    shutil.rmtree(draft, ignore_errors=True)
    text = node.properties_file.read_text(encoding="utf-8")
    config = _private(node.directory / "format.properties", f"{text}log.dirs={draft}\n")
    # Arguments go by file: everyone on the machine can read a command line.
    arguments = _private(
        node.directory / "format.arguments", _format_arguments(cluster_id, config, users)
    )
    done = subprocess.run(
        [*java, "kafka.tools.StorageTool", f"@{arguments}"],
        capture_output=True,
        text=True,
        check=False,
    )
    config.unlink()
    arguments.unlink()
    if done.returncode:
        tail = (done.stdout + done.stderr).splitlines()[-15:]
        raise BrokerFailed(f"formatting {node.storage} failed", log=node.log, tail=tail)
    draft.rename(node.storage)


def _format_arguments(cluster_id: str, config: Path, users: Sequence[ScramUser]) -> str:
    lines = ["format", "-t", cluster_id, "-c", str(config)]
    for user in users:
        secret = f"{user.mechanism}=[name={user.name},password={user.password}]"
        lines += ["--add-scram", secret]
    return "".join(f"{line}\n" for line in lines)


def _private(path: Path, text: str) -> Path:
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
    return path
