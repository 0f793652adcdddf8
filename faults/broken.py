"""Runs `notify …` with something wrong in it: `python -m faults.broken [options] worker …`."""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from faults.breaks import BREAKS
from faults.crashpoints import CRASH_POINTS, Gone, arm
from notify.cli import main
from notify.settings import Settings


def run(arguments: Sequence[str]) -> None:
    """Change what the options say, then be the ordinary command line."""
    parser = argparse.ArgumentParser("python -m faults.broken", description=__doc__)
    parser.add_argument("--crash", choices=CRASH_POINTS, help="die there")
    parser.add_argument("--call", type=int, default=1, help="at which call")
    parser.add_argument("--break", dest="broken", choices=BREAKS, help="take a guarantee away")
    parser.add_argument("--set", action="append", default=[], help="module:NAME=number")
    parser.add_argument("--short-lease", action="store_true", help="let a lease be of any length")
    parser.add_argument("command", nargs=argparse.REMAINDER)
    given = parser.parse_args(arguments)
    for setting in given.set:
        set_constant(setting)
    if given.short_lease:
        allow_any_lease()
    if given.broken:
        BREAKS[given.broken]()
    if given.crash:
        arm(CRASH_POINTS[given.crash], call=given.call)
    sys.argv = ["notify", *given.command]
    main()


def set_constant(setting: str) -> None:
    """Change a number of a module, as in notify.services.planning:SLICE=50. Raises Gone."""
    where, _, value = setting.partition("=")
    module, _, name = where.partition(":")
    owner: Any = import_module(module)
    if not isinstance(getattr(owner, name, None), int | float):
        raise Gone(f"{module} has no number {name}")
    setattr(owner, name, type(getattr(owner, name))(value))


def allow_any_lease() -> None:
    """Waiting for a real lease would take a minute. Raises Gone."""
    field = Settings.model_fields.get("lease_seconds")
    if field is None:
        raise Gone("there is no setting lease_seconds")
    field.metadata.clear()
    Settings.model_rebuild(force=True)


if __name__ == "__main__":
    run(sys.argv[1:])
