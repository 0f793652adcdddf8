"""`make api-fuzz`: servers, the world outside and the service of its own, then schemathesis."""

import secrets
import sys
import tempfile
from pathlib import Path

from notify import log
from notify.embedded.servers import Embedded
from notify.store.migrate import migrate
from tests.fuzz.run import fuzz, options, settle
from tests.journeys.world import World

LONGEST = 1_800.0  # seconds


def main(arguments: list[str]) -> int:
    log.configure(level="WARNING")
    wanted = options(arguments, seed=secrets.randbelow(2**31))
    sys.stdout.write(f"schemathesis run {' '.join(wanted)}\n")
    sys.stdout.flush()
    with tempfile.TemporaryDirectory(prefix="notify-fuzz-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with Embedded(folder / "server", redis=False, throwaway=True) as servers:
            migrate(servers.database_url)
            with World(servers.database_url, folder) as world:
                world.begin()
                done = fuzz(world, *wanted, there=settle(world), seconds=LONGEST)
                sys.stdout.write(done.stdout)
                broken = [p.log.name for p in world.processes if "web.broke" in p.said()]
    if broken:
        sys.stdout.write(f"Something broke inside, see web.broke in {', '.join(broken)}.\n")
    return done.returncode or bool(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
