"""Finds Debian's chromium, and installs it where a test run may."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser")
HOW = "install it (on Debian and Ubuntu: apt-get install {package})"
SLOW = 300.0  # seconds that fetching it may take


def path(folder: Path, *, names: Sequence[str] = NAMES, package: str = "chromium") -> str:
    """Where chromium, or another browser, is. A lock in `folder` has the processes of a test run install it once.

    Where it is missing and we are root, it is installed. Where that is not possible, a run in CI
    fails, and any other skips the test that asks; both say what to do.
    """
    with (folder / f"{package}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        problem = None if _found(names) else _install(package)
    found = _found(names)
    if found is not None:
        return found
    reason = f"{package} is not there: {HOW.format(package=package)}. {problem or ''}".strip()
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _found(names: Sequence[str]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)


def _install(package: str) -> str | None:
    """What went wrong, None where nothing did."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return "Only root can have the tests install it, with apt-get."
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", package]):
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
