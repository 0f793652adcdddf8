"""The collector of cycles rests: what was there before is frozen, what is new is still collected."""

import subprocess
import sys

PROBE = """
import gc, weakref
from notify import collector
class Thing: pass
collector.rest()
thing = Thing(); thing.itself = thing; seen = weakref.ref(thing); del thing
for _ in range(collector.YOUNG + 1): kept = [[] for _ in range(2)]
many = [[] for _ in range(2 * collector.YOUNG)]
print(gc.get_freeze_count() > 1000, seen() is None)
"""


def test_what_lasts_is_frozen_and_new_cycles_still_go() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.split() == ["True", "True"]
