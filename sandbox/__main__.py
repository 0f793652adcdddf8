"""Runs the world outside in the foreground: `python -m sandbox`."""

import argparse
import asyncio
import gc
import json
import signal
import sys
from pathlib import Path

import uvloop

from sandbox.control import Control, host_port
from sandbox.rules import read_rules
from sandbox.world import World


def main() -> None:
    """Run until SIGTERM or SIGINT; the first line on stdout says where everything is."""
    arguments = _parser().parse_args()
    # Most of what is made here stays in the books: looking for garbage in it is in vain.
    gc.set_threshold(50_000, 50, 50)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    for name in ("smtp", "twilio", "push", "control"):
        parser.add_argument(f"--{name}-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--account-sid", help="Twilio account; made up when not given")
    parser.add_argument("--auth-token", help="Twilio token; made up when not given")
    parser.add_argument("--bounce-to", type=host_port, help="host:port that takes bounces by SMTP")
    parser.add_argument(
        "--starttls", action="store_true", help="offer TLS with a certificate nobody trusts"
    )
    parser.add_argument("--seed", type=int, help="same keys and same misbehaviour every time")
    parser.add_argument("--rules", type=Path, help="a JSON file with a list of rules")
    return parser


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    world = World(
        host=arguments.host,
        smtp_port=arguments.smtp_port,
        twilio_port=arguments.twilio_port,
        push_port=arguments.push_port,
        account_sid=arguments.account_sid,
        auth_token=arguments.auth_token,
        bounce_to=arguments.bounce_to,
        starttls=arguments.starttls,
        rules=read_rules(arguments.rules.read_bytes()) if arguments.rules else [],
        seed=arguments.seed,
    )
    async with (
        world,
        Control(world, host=arguments.host, port=arguments.control_port) as control,
    ):
        sys.stdout.write(json.dumps({**world.where(), "control_url": control.url}) + "\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    main()
