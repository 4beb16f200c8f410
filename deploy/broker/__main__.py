"""``python -m deploy.broker``: have all that a broker needs in the cache, checked."""

import os
import sys

from deploy.broker import jars, java
from deploy.broker.errors import BrokerError
from deploy.broker.settings import default_cache_dir


def main() -> int:
    """Fetch and check the jars and find a Java; return the exit status."""
    try:
        found = jars.ensure(
            default_cache_dir(os.environ),
            jars.manifest(),
            _tell,
            mirror=os.environ.get("PACEKEEPER_MAVEN_REPOSITORY"),
        )
        _tell(f"Kafka {jars.KAFKA_VERSION}: {len(found)} jars checked, {java.find(os.environ)}")
    except BrokerError as error:
        _tell(str(error))
        return 1
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
