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


async def test_lists_that_cannot_be_fetched_are_no_reason_not_to_try(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    made = bare / "chromium"
    install = f": > {made}; /bin/chmod 755 {made}"
    _program(bare, "apt-get", f'case "$*" in *update) exit 100;; *) {install};; esac')

    assert chromium.path(tmp_path) == str(made)


async def test_another_apt_at_work_is_waited_for(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "PAUSE", 0.0)
    free, made = tmp_path / "free", bare / "chromium"
    install = f": > {made}; /bin/chmod 755 {made}"
    locked = f": > {free}; echo 'E: Could not get lock /var/lib/dpkg/lock-frontend.' >&2; exit 100"
    _program(bare, "apt-get", f"test -e {free} || {{ {locked}; }}; {install}")

    assert chromium.path(tmp_path) == str(made)

    free.unlink()
    made.unlink()
    monkeypatch.setattr(chromium, "BUSY", 0.0)
    _program(bare, "apt-get", locked)
    with pytest.raises(pytest.skip.Exception, match="apt-get install said: E: Could not get lock"):
        chromium.path(tmp_path)


async def test_an_apt_that_does_not_end_is_not_waited_for_without_end(
    bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(chromium, "SLOW", 0.2)
    _program(bare, "apt-get", "exec /bin/sleep 60")

    with pytest.raises(pytest.skip.Exception, match="apt-get update was not done within"):
        chromium.path(tmp_path)
