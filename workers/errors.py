"""Errors for the person who runs Pacekeeper: what was wrong, where, and what to do about it."""

from __future__ import annotations


class WorkerError(Exception):
    """Something that a person can put right; the command line prints it as one line.

    Parameters
    ----------
    problem
        What was wrong, and where.
    remedy
        What to do about it; empty when the problem says it already.
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str = "") -> None:
        super().__init__(problem if not remedy else f"{problem}: {remedy}")
        self.problem = problem
        self.remedy = remedy


class UsageError(WorkerError):
    """The command, a setting or a file was not as it must be; nothing was started or changed."""

    exit_code = 2
