"""What every test can ask for."""

import signal

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.broker_fixtures"]

# How quickly inputs are drawn is the machine's affair: the first texts of all take a table of
# characters, which is built for a second or two where none is kept yet.
settings.register_profile("laws", suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("laws")


def pytest_configure() -> None:
    """Let Ctrl-C mean something, in the processes that tests start as well.

    A shell that runs the tests in the background, without job control, has them ignore SIGINT, and
    what they start inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
