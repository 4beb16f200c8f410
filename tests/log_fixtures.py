"""Every test finds the process's logs as Python starts with them, whatever one before set up."""

import logging
import sys
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_as_python_starts_with_them() -> Iterator[None]:
    root = logging.getLogger()
    before = {each: (list(each.handlers), each.level, each.disabled) for each in [root, *_others()]}
    untouched: tuple[list[logging.Handler], int, bool] = ([], logging.NOTSET, False)
    yield
    for each in (root, *_others()):
        each.handlers, each.level, each.disabled = before.get(each, untouched)
    # What loggers remember of levels is forgotten when any is set.
    logging.root.setLevel(logging.root.level)
    if structlog.is_configured():
        structlog.reset_defaults()
        _forget_bound()


def _others() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.values()
    return [each for each in known if isinstance(each, logging.Logger)]


def _forget_bound() -> None:
    """Let loggers of modules be bound anew: the first use of one keeps what was set up by then."""
    for module in list(sys.modules.values()):
        for value in list(vars(module).values()):
            if type(value) is structlog._config.BoundLoggerLazyProxy:
                vars(value).pop("bind", None)
