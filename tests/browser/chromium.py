"""Finds Debian's chromium, and installs it where a test run may."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser")
HOW = "install it (on Debian and Ubuntu: apt-get install chromium)"
SLOW = 300.0  # seconds that fetching it may take


def path(folder: Path) -> str:
    """Where chromium is. A lock in `folder` has the processes of a test run install it once.

    Where it is missing and we are root, it is installed. Where that is not possible, a run in CI
    fails, and any other skips the test that asks; both say what to do.
    """
    with (folder / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = None if _found() else _install()
    found = _found()
    if found is not None:
        return found
    reason = f"chromium is not there: {HOW}. {problem or ''}".strip()
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _found() -> str | None:
    return next(filter(None, map(shutil.which, NAMES)), None)


def _install() -> str | None:
    """What went wrong, None where nothing did."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "Only root can have the tests install it, with apt-get."
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run(
                ["apt-get", "-qq", *words], env=environment, check=False, timeout=SLOW,
                capture_output=True, text=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return f"apt-get {words[0]} took longer than {SLOW:.0f} s."
        if done.returncode:
            return f"apt-get {words[0]} said: {done.stderr.strip()[-300:]}"
    return None
