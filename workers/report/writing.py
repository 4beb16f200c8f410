"""Puts a page where it is wanted, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from workers.errors import UsageError

_REMEDY = "name a file in a directory that exists and that you may write to"


def check_place(path: Path) -> None:
    """Raise `UsageError` unless a file can be made there: before long work, not after it."""
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise UsageError(f"the report cannot be written to {path}", remedy=_REMEDY)


def write_page(page: str, path: Path) -> None:
    """Write a page; a file that is there is replaced at once, never half.

    Raises
    ------
    UsageError
        It cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(page)
            # As readable as a file that is made in the plain way: the temporary one is not.
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        problem = f"the report cannot be written to {path}: {error.strerror}"
        raise UsageError(problem, remedy=_REMEDY) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
