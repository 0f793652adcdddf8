"""The e-mail channel and a server that does whatever it likes: what is said of a mail is true."""

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field

import pytest

from channels.base import Failure, OutcomeUnknown, Sent
from channels.email import EmailChannel
from tests.channels.smtp_double import HOST, an_email

MAILS = 60
_ID = re.compile(rb"\nMessage-ID: <(\d+)@")
_GOOD = {b"MAIL": b"250 fine", b"RCPT": b"250 fine", b"DATA": b"354 go on", b"RSET": b"250 fine"}
_BAD = (
    b"550 5.1.1 no",
    b"451 4.3.0 later",
    b"421 4.3.2 bye",
    b"354 go on",
    b"999 what",
    b"hello",
    b"250-a\r\n250 fine\r\n250 fine",
    b"250",
)


@dataclass
class Whim:
    """A server that answers rightly most of the time. It takes a message only where it says so."""

    chance: random.Random
    greeting: bytes
    taken: Counter[int] = field(default_factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"220 ready\r\n")
            await reader.readline()
            writer.write(self.greeting)
            while line := await reader.readline():
                if not await self._command(line[:4], reader, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _command(
        self, verb: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Whether the connection stays."""
        answer = _GOOD.get(verb, b"221 bye")
        if self.chance.random() < 0.04:
            answer = self.chance.choice(_BAD)
        stays = await self._say(answer, writer)
        if answer.startswith(b"354") and stays:
            lines = [await reader.readuntil(b"\r\n")]
            while lines[-1] != b".\r\n":
                lines.append(await reader.readuntil(b"\r\n"))
            answer = b"250 2.0.0 Ok: queued as Q1"
            if self.chance.random() < 0.1:
                answer = self.chance.choice(_BAD)
            if answer.startswith(b"250") and (found := _ID.search(b"".join(lines))):
                self.taken[int(found[1])] += 1
            stays = await self._say(answer, writer)
        return stays and verb != b"QUIT"

    async def _say(self, answer: bytes, writer: asyncio.StreamWriter) -> bool:
        mood = self.chance.random()
        if mood < 0.01:
            await asyncio.sleep(60)
        if mood < 0.03:
            return False
        cut = self.chance.randrange(len(answer))
        for piece in (answer[:cut], answer[cut:] + b"\r\n"):
            writer.write(piece)
            await asyncio.sleep(0 if mood < 0.9 else 0.002)
        return not answer.startswith(b"421")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(
    "greeting", [b"250 plain\r\n", b"250-double\r\n250 PIPELINING\r\n"], ids=["plain", "pipelining"]
)
async def test_what_is_said_of_a_mail_is_true(greeting: bytes, seed: int) -> None:
    chance = random.Random(seed)
    whim = Whim(chance, greeting)
    tasks: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.ensure_future(whim.serve(reader, writer)))

    server = await asyncio.start_server(serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    channel = EmailChannel(f"smtp://{HOST}:{port}?tls=none", connections=3, timeout=0.5)
    sends = [
        asyncio.create_task(channel.send(an_email(message_id=f"{number}@example.com")))
        for number in range(MAILS)
    ]
    for number in chance.sample(range(MAILS), 6):
        await asyncio.sleep(0.002)
        sends[number].cancel()

    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    await channel.close()
    server.close()
    await asyncio.sleep(0.01)  # what was connected last begins to be served
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0)

    for number, outcome in enumerate(outcomes):
        if isinstance(outcome, Sent):
            assert whim.taken[number] == 1
        elif isinstance(outcome, OutcomeUnknown | asyncio.CancelledError):
            assert whim.taken[number] <= 1
        else:
            assert isinstance(outcome, Failure)
            assert whim.taken[number] == 0
    assert any(isinstance(outcome, Sent) for outcome in outcomes)
