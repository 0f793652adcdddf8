"""`python -m bench.sampled FILE worker …`: the ordinary command line, with a look at its stack
every few milliseconds of its CPU.

Counts go to FILE at the end. Sampling costs next to nothing, so what is seen is the process as it
runs; C code is charged to the Python function that called it.
"""

import atexit
import json
import os
import signal
import sys
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.004  # seconds of CPU

_self: Counter[str] = Counter()
_whole: Counter[str] = Counter()


def _name(frame: FrameType) -> str:
    code = frame.f_code
    return f"{'/'.join(Path(code.co_filename).parts[-2:])}:{code.co_qualname}"


def _look(_number: int, frame: FrameType | None) -> None:
    if frame is None:
        return
    _self[_name(frame)] += 1
    seen = set()
    at: FrameType | None = frame
    while at is not None:
        seen.add(_name(at))
        at = at.f_back
    _whole.update(seen)


def _write(file: Path) -> None:
    signal.setitimer(signal.ITIMER_PROF, 0)
    file.write_text(json.dumps({"self": _self, "whole": _whole}))


def main() -> None:
    file = Path(sys.argv[1]).with_suffix(f".{os.getpid()}.json")
    sys.argv = ["notify", *sys.argv[2:]]
    from notify.cli import main as command
    from workers import main as _  # noqa: F401 - loaded before the first look, not during it

    atexit.register(_write, file)
    signal.signal(signal.SIGPROF, _look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    command()


if __name__ == "__main__":
    main()
