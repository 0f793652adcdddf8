"""Peers for mail that need no node: aiosmtplib as its documentation has it, postfix's smtp-source."""

import asyncio
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import make_msgid

import aiosmtplib
import uvloop

from bench.peers.node import PeerFailed

LONGEST = 300.0  # seconds


@dataclass(frozen=True, slots=True)
class Content:
    """The words of a mail, the same for every peer and of the size of ours."""

    sender: str
    subject: str
    text: str
    html: str

    def message(self, to: str) -> EmailMessage:
        """Built anew for each recipient, as one does."""
        made = EmailMessage()
        made["From"], made["To"], made["Subject"] = self.sender, to, self.subject
        made["Message-ID"] = make_msgid(domain="musterstadt.example")
        made.set_content(self.text)
        made.add_alternative(self.html, subtype="html")
        return made

    @property
    def size(self) -> int:
        """Bytes of the whole mail."""
        return len(self.message("somebody@town.example").as_bytes())


def with_aiosmtplib(content: Content, *, port: int, count: int, connections: int) -> float:
    """Seconds for `count` mails, one at a time on each connection."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_with_aiosmtplib(content, port, count, connections))


async def _with_aiosmtplib(content: Content, port: int, count: int, connections: int) -> float:
    left = iter(range(count))
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        began = time.perf_counter()
        for _ in range(connections):
            group.create_task(_one_by_one(content, port, left))
    return time.perf_counter() - began


async def _one_by_one(content: Content, port: int, left: Iterator[int]) -> None:
    async with aiosmtplib.SMTP(
        hostname="127.0.0.1", port=port, use_tls=False, start_tls=False
    ) as client:
        for number in left:
            await client.send_message(content.message(f"peer{number}@town.example"))


def with_smtp_source(program: str, *, port: int, size: int, count: int, connections: int) -> float:
    """Seconds for `count` mails of `size` bytes that nobody had to make. Raises PeerFailed."""
    began = time.perf_counter()
    try:
        subprocess.run(
            [program, "-d", "-s", str(connections), "-m", str(count), "-l", str(size), "-f",
             "warnung@musterstadt.example", "-t", "peer@town.example", f"127.0.0.1:{port}"],
            capture_output=True, timeout=LONGEST, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as problem:
        raise PeerFailed(f"smtp-source: {type(problem).__name__}") from None
    return time.perf_counter() - began
