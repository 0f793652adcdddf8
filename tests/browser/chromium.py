"""Finds Debian's chromium, and installs it where a test run may."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser")
HOW = "install it (on Debian and Ubuntu: apt-get install {package})"
SLOW = 300.0  # seconds that fetching it may take, all told
BUSY = 120.0  # seconds to wait for another apt to end
PAUSE = 1.0  # seconds between two looks whether it has
LOCKED = "Could not get lock"
LONGEST = 300  # characters of what apt says


def path(folder: Path, *, names: Sequence[str] = NAMES, package: str = "chromium") -> str:
    """Where chromium, or another browser, is. A lock in `folder` has the processes of a test run install it once.

    Where it is missing and we are root, it is installed. Where that is not possible, a run in CI
    fails, and any other skips the test that asks; both say what to do.
    """
    with (folder / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = "" if _found(names) else _install(package)
    found = _found(names)
    if found is not None:
        return found
    reason = f"{package} is not there: {HOW.format(package=package)}. {problem}".strip()
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _found(names: Sequence[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def _install(package: str) -> str:
    """Have apt install it; what apt complained of. Where the lists cannot be fetched anew, those
    that are there may do."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "Only root can have the tests install it, with apt-get."
    until = time.monotonic() + SLOW
    steps = {
        "update": ["update"],
        "install": ["install", "-y", "--no-install-recommends", package],
    }
    said: list[str] = []
    for name, words in steps.items():
        try:
            done = _apt(words, until=until)
        except subprocess.TimeoutExpired:
            said.append(f"apt-get {name} was not done within {SLOW:.0f} s.")
            break
        if done.returncode or done.stderr.strip():
            said.append(f"apt-get {name} said: {done.stderr.strip()[-LONGEST:]}")
    return " ".join(said)


def _apt(words: Sequence[str], *, until: float) -> subprocess.CompletedProcess[str]:
    """Run apt-get, again and again for a while where another apt is at work: it waits for one of its
    two locks only."""
    patience = min(until, time.monotonic() + BUSY)
    while True:
        done = subprocess.run(
            ["apt-get", "-qq", *words], check=False, timeout=until - time.monotonic(),
            env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )  # fmt: skip
        if LOCKED not in done.stderr or time.monotonic() > patience:
            return done
        time.sleep(PAUSE)
