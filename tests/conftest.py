"""What every test can ask for."""

import signal

pytest_plugins = ["tests.broker_fixtures"]


def pytest_configure() -> None:
    """Let Ctrl-C mean something, in the processes that tests start as well.

    A shell that runs the tests in the background, without job control, has them ignore SIGINT, and
    what they start inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
