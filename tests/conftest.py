"""What every test can ask for."""

import os
import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.broker_fixtures", "tests.person_fixtures", "tests.log_fixtures"]

# How quickly inputs are drawn and laws are checked is the machine's affair: other tests share its
# cores, and the first texts of all take a table of characters, which is built for a second or two
# where none is kept yet.
settings.register_profile("laws", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


def pytest_configure() -> None:
    """See to what the processes that tests start inherit."""
    _let_interrupts_through()
    _keep_compiled()


def _let_interrupts_through() -> None:
    """Let Ctrl-C mean something.

    A shell that runs the tests in the background, without job control, has them ignore SIGINT.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _keep_compiled() -> None:
    """Let modules be compiled once, and not by each of the hundreds of processes.

    Container images often forbid Python to store what it compiled; then most of the time that a
    worker or a command takes to start goes into compiling.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
