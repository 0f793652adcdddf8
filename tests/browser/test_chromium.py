"""A run without a browser says what to do, and in CI it is no success."""

import os
from pathlib import Path

import pytest

from tests.browser import chromium


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on its PATH, on which we are nobody special."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.delenv("CI", raising=False)
    return folder


def _program(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


async def test_without_it_a_test_is_skipped_with_what_to_do(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match="apt-get install chromium"):
        chromium.path(tmp_path)


async def test_in_ci_that_is_a_failure(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="apt-get install chromium"):
        chromium.path(tmp_path)


async def test_root_has_it_installed_once(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = bare / "chromium"
    _program(bare, "apt-get", f'echo "$*" >> {tmp_path}/asked; : > {made}; /bin/chmod 755 {made}')

    assert [chromium.path(tmp_path) for _ in range(2)] == [str(made)] * 2
    assert (tmp_path / "asked").read_text().splitlines() == [
        "-qq update",
        "-qq install -y --no-install-recommends chromium",
    ]


async def test_what_apt_says_is_passed_on(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    _program(bare, "apt-get", "echo 'no network' >&2; exit 100")

    with pytest.raises(pytest.skip.Exception, match="apt-get update said: no network"):
        chromium.path(tmp_path)
