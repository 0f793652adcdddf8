"""Peers that run on node: installed once below the virtual environment, absent where node is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CACHE = Path(sys.prefix) / "bench-peers"
INSTALL_SECONDS = 90.0
RUN_SECONDS = 300.0


class PeerFailed(Exception):
    """A peer that is there did not do its work: better no figure than one beside nothing."""


def missing() -> str | None:
    """Install what package.json names, once; None when it is there, else why it is not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return "node and npm are not installed"
    wanted = (HERE / "package.json").read_bytes()
    stamp = CACHE / "installed.json"
    if stamp.exists() and stamp.read_bytes() == wanted:
        return None
    shutil.rmtree(CACHE, ignore_errors=True)
    try:
        CACHE.mkdir(parents=True)
        (CACHE / "package.json").write_bytes(wanted)
        subprocess.run(
            [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=CACHE, capture_output=True, timeout=INSTALL_SECONDS, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as problem:
        return f"npm install did not work ({type(problem).__name__})"
    stamp.write_bytes(wanted)
    return None


def run(script: str, job: dict[str, Any], *, folder: Path) -> float:
    """Seconds the script says it took. Raises PeerFailed."""
    file = folder / f"{script}.json"
    file.write_text(json.dumps(job))
    copied = CACHE / script  # a script finds its packages beside itself
    shutil.copy(HERE / script, copied)
    try:
        done = subprocess.run(
            ["node", str(copied), str(file)],  # noqa: S607
            capture_output=True, timeout=RUN_SECONDS, check=True, text=True,
        )  # fmt: skip
        return float(json.loads(done.stdout)["seconds"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError) as problem:
        said = getattr(problem, "stderr", None) or type(problem).__name__
        raise PeerFailed(f"{script}: {said}") from None
