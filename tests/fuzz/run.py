"""Runs schemathesis over the whole OpenAPI description against a service that is running."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.fuzz import hooks
from tests.journeys.world import World

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

Known = Mapping[str, object]
"""What is there, by the names that `tests.fuzz.hooks` reads."""


def fuzz(
    world: World, *arguments: str, there: Known, seconds: float
) -> subprocess.CompletedProcess[str]:
    """Call every operation in every way that `arguments` (of `schemathesis run`) allow, as a
    program whose key may do everything. The exit code is 0 where nothing was found."""
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ
    }
    environment |= {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": hooks.__name__,
        hooks.KNOWN: json.dumps(there),
        "NO_PROXY": "127.0.0.1",
    }
    return subprocess.run(
        [
            sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
            "--no-color", "--config-file", str(HERE / "schemathesis.toml"), "run",
            world.environment["NOTIFY_PUBLIC_URL"] + "/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {world.key}",
            "--warnings", "off", *arguments,
        ],
        env=environment, cwd=world.folder, timeout=seconds, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def settle(world: World) -> Known:
    """A town with something of everything: sent, planned for later, recalled, skipped."""
    world.readers(3)
    world.phones(2)
    world.resident(email=world.mail(9), phone=world.phone(9), language="en", name="Ada")
    sent = world.send()
    world.at_rest(sent)
    later = world.send("announcement", send_at="2098-12-31T12:00:00Z", valid_until=None)
    recalled = world.send("announcement", send_at="2098-12-31T12:00:00Z", valid_until=None)
    world.post(f"/api/v1/broadcasts/{recalled}/cancel", {})
    deliveries = world.get(f"/api/v1/broadcasts/{sent}/deliveries")["deliveries"]
    return {
        "group": world.town,
        "broadcasts": [sent, later, recalled],
        "deliveries": [delivery["id"] for delivery in deliveries],
    }


def options(given: Sequence[str], *, seed: int) -> list[str]:
    """What `make api-fuzz` asks for unless ARGS say otherwise."""
    usual = {"--max-examples": "100", "--seed": str(seed), "--request-timeout": "10"}
    if "--generation-deterministic" not in given:
        usual["--generation-database"] = "none"  # what a run finds must follow from its seed
    return [word for name, value in usual.items() if not _names(given, name)
            for word in (name, value)] + list(given)  # fmt: skip


def _names(given: Sequence[str], option: str) -> bool:
    short = {"--max-examples": "-n"}.get(option, option)
    return any(word in {option, short} or word.startswith(f"{option}=") for word in given)
