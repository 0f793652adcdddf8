"""The e-mail channel and a server that pipelines: packets as they like, and what can go wrong."""

import asyncio
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from channels.answers import Answers
from channels.base import (
    AddressGone,
    Failure,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    Sent,
    TryAgain,
)
from channels.email import EmailChannel
from channels.envelope import Extensions, Mail
from channels.pipeline import Dialogue
from channels.relay import relay
from channels.smtp import Opener
from channels.transaction import Transaction
from channels.watch import Watch
from tests.channels.smtp_double import HOST, an_email, certificate

ENVELOPE = b"250 2.1.0 fine\r\n250 2.1.5 fine\r\n354 go on\r\n"
TAKEN = b"250 2.0.0 Ok: queued as Q1\r\n"
NOTHING = b".\r\n"


@dataclass
class Line:
    """One connection as the server sees it, greeted and with PIPELINING offered."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    messages: list[bytes] = field(default_factory=list)

    async def envelope(self) -> None:
        while (command := await self.reader.readuntil(b"\r\n")) != b"DATA\r\n":
            if command == b"QUIT\r\n":
                raise ConnectionResetError

    async def message(self) -> None:
        self.messages.append(await self.reader.readuntil(b"\r\n.\r\n"))

    async def say(self, *answers: bytes) -> None:
        for answer in answers:
            self.writer.write(answer)
            await self.writer.drain()
            await asyncio.sleep(0)

    async def carry(self) -> None:
        """Mails until the other side leaves."""
        while True:
            await self.envelope()
            await self.say(ENVELOPE)
            await self.message()
            await self.say(TAKEN)


Talk = Callable[[Line], Awaitable[None]]


@dataclass
class Server:
    port: int = 0
    lines: list[Line] = field(default_factory=list)

    def channel(self, *, connections: int = 1, timeout: float = 5.0) -> EmailChannel:
        url = f"smtp://{HOST}:{self.port}?tls=none"
        return EmailChannel(url, connections=connections, timeout=timeout)

    @property
    def messages(self) -> list[bytes]:
        return [message for line in self.lines for message in line.messages]

    def count(self, message_id: str) -> int:
        return sum(f"<{message_id}>".encode() in message for message in self.messages)


@asynccontextmanager
async def talking(
    *talks: Talk, tls: ssl.SSLContext | None = None, implicit: bool = False
) -> AsyncIterator[Server]:
    """A server that says what it is told on each connection; the last talk is for all further."""
    server, tasks = Server(), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        line = Line(reader, writer)
        talk = talks[min(len(server.lines), len(talks) - 1)]
        server.lines.append(line)
        try:
            writer.write(b"220 ready\r\n")
            await reader.readuntil(b"\r\n")
            if tls is not None and not implicit:
                writer.write(b"250-double.example\r\n250 STARTTLS\r\n")
                await reader.readuntil(b"\r\n")
                writer.write(b"220 go on\r\n")
                await writer.start_tls(tls)
                await reader.readuntil(b"\r\n")
            writer.write(b"250-double.example\r\n250 PIPELINING\r\n")
            await talk(line)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listener = await asyncio.start_server(serve, HOST, 0, ssl=tls if implicit else None)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _sends(channel: EmailChannel, count: int) -> list[asyncio.Task[Sent]]:
    mails = [an_email(message_id=f"m{number}@example.com") for number in range(count)]
    return [asyncio.create_task(channel.send(mail)) for mail in mails]


async def _outcomes(sends: Sequence[asyncio.Task[Sent]]) -> list[object]:
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    return [(type(one), one.reason) if isinstance(one, Failure) else type(one) for one in outcomes]


async def test_the_envelope_comes_at_once_and_the_next_one_with_the_message() -> None:
    async def talk(line: Line) -> None:
        await line.envelope()  # before anything is answered
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        await line.say(TAKEN + ENVELOPE)
        await line.message()
        await line.say(TAKEN)
        await line.carry()

    async with talking(talk) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    assert outcomes == [Sent, Sent]
    assert [server.count(f"m{number}@example.com") for number in range(2)] == [1, 1]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50])
async def test_answers_may_come_in_any_pieces(size: int) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        answers = b"250-2.1.0 fine\r\n250-\r\n250 so\r\n250\r\n354-go\r\n354 on\n"
        await line.say(*(answers[i : i + size] for i in range(0, len(answers), size)))
        await line.message()
        answers = b"250-2.0.0 Ok:\r\n250 queued as Q7\r\n"
        await line.say(*(answers[i : i + size] for i in range(0, len(answers), size)))
        await line.carry()

    async with talking(talk) as server:
        channel = server.channel()

        first, second = await asyncio.gather(*_sends(channel, 2))

        await channel.close()
    assert (first.code, second.provider_id) == ("250", "Q1")
    assert len(server.lines) == 1


@given(
    st.lists(
        st.sampled_from([b"250 fine\r\n", b"250-a\r\n250 b\r\n", b"354\n", b"599-\r\n599 \r\n"])
    ),
    st.lists(st.integers(1, 9)),
)
def test_answers_are_the_same_however_they_are_cut(said: list[bytes], sizes: list[int]) -> None:
    answers, heard, data = Answers(), [], b"".join(said)
    for size in [*sizes, len(data)]:
        answers.feed(data[:size])
        data = data[size:]
        while (answer := answers.take()) is not None:
            heard.append(answer.raw)

    assert heard == said
    assert not answers.more


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\r\n",
        b"25 x\r\n",
        b"2500\r\n",
        b"hello\r\n",
        b"250x\r\n",
        b" 250 x\r\n",
        b"\xb2\xb2\xb2 x\r\n",
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(nonsense: bytes) -> None:
    answers = Answers()
    answers.feed(nonsense)

    with pytest.raises(ValueError, match="no SMTP answer"):
        answers.take()


@pytest.mark.parametrize("flood", [b"x" * 40_000, b"250-x\r\n" * 6_000])
async def test_an_answer_without_an_end_is_none(flood: bytes) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(flood)
        await line.reader.read()

    async with talking(talk) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 1))

        await channel.close()
    assert outcomes == [(TryAgain, "garbled_answer")]


@pytest.mark.parametrize("answer", [b"554 5.5.1 no valid recipients\r\n", b"250 2.0.0 fine\r\n"])
async def test_a_server_that_waits_for_a_message_to_nobody_gets_an_empty_one(answer: bytes) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(b"250 fine\r\n550 5.1.1 no\r\n354 go on\r\n")
        assert await line.reader.readuntil(b"\r\n") == NOTHING
        await line.say(answer)
        await line.carry()

    async with talking(talk) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    assert outcomes == [(AddressGone, "no_such_address"), Sent]
    assert len(server.lines) == 1
    assert server.count("m0@example.com") == 0


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        pytest.param(
            b"550 5.7.1 not you\r\n503 what\r\n503 what\r\n",
            (SenderStopped, "sender_refused"),
            id="MAIL",
        ),
        pytest.param(
            b"250 fine\r\n550 5.1.1 no\r\n554 none\r\n", (AddressGone, "no_such_address"), id="RCPT"
        ),
        pytest.param(
            b"250 fine\r\n250 fine\r\n451 4.3.0 not now\r\n", (TryAgain, "relay_busy"), id="DATA"
        ),
    ],
)
async def test_a_refused_envelope_is_undone_before_the_next(
    answers: bytes, outcome: object
) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(answers)
        assert await line.reader.readuntil(b"\r\n") == b"RSET\r\n"
        await line.say(b"250 fine\r\n")
        await line.carry()

    async with talking(talk) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    assert outcomes == [outcome, Sent]
    assert len(server.lines) == 1


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        pytest.param(
            b"550 5.7.1 no\r\n250 fine\r\n354 go on\r\n",
            (SenderStopped, "sender_refused"),
            id="mad",
        ),
        pytest.param(ENVELOPE + TAKEN, (TryAgain, "garbled_answer"), id="taken before it came"),
        pytest.param(ENVELOPE + b"25", (TryAgain, "garbled_answer"), id="half a word too many"),
        pytest.param(TAKEN + ENVELOPE, (TryAgain, "garbled_answer"), id="one too many"),
        pytest.param(b"354 go on\r\n", (TryAgain, "garbled_answer"), id="another order"),
        pytest.param(b"250 fine\r\nhello\r\n", (TryAgain, "garbled_answer"), id="no answer"),
        pytest.param(b"421 4.3.2 bye\r\n", (SenderDown, "relay_busy"), id="421 to MAIL"),
        pytest.param(b"250 fine\r\n421 bye\r\n", (TryAgain, "relay_busy"), id="421 to RCPT"),
    ],
)
async def test_nothing_is_handed_to_a_server_that_is_out_of_step(
    answers: bytes, outcome: object
) -> None:
    after: list[bytes] = []

    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(answers)
        after.append(await line.reader.read())

    async with talking(talk, Line.carry) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 1))
        outcomes += await _outcomes(_sends(channel, 1))

        await channel.close()
    assert outcomes == [outcome, Sent]
    assert after == [b""]
    assert len(server.lines) == 2


async def test_a_refusal_counts_though_the_server_leaves_in_the_same_breath() -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(b"250 fine\r\n550 5.1.1 no\r\n503 no\r\n421 4.7.0 too many errors\r\n")

    async with talking(talk, Line.carry) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    assert outcomes == [(AddressGone, "no_such_address"), Sent]


async def test_a_probe_beside_busy_connections_leaves_no_more_of_them_than_allowed() -> None:
    async with talking(Line.carry) as server:
        channel = server.channel()
        sends = _sends(channel, 90)
        await asyncio.sleep(0)

        await channel.probe()
        outcomes = await _outcomes(sends)
        open_at_the_end = sum(not line.writer.is_closing() for line in server.lines)

        await channel.close()
    assert outcomes == [Sent] * 90
    assert (open_at_the_end, len(server.lines)) == (1, 2)


@pytest.mark.parametrize("word", [b"250 hello\r\n", b"421 4.4.2 too old\r\n", b"x"])
async def test_a_connection_on_which_the_server_speaks_unasked_is_not_used_again(
    word: bytes,
) -> None:
    spoken = asyncio.Event()

    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.say(TAKEN)
        await asyncio.sleep(0.05)
        await line.say(word)
        await line.reader.read()
        spoken.set()

    async with talking(talk, Line.carry) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 1))
        await spoken.wait()
        outcomes += await _outcomes(_sends(channel, 1))

        await channel.close()
    assert outcomes == [Sent, Sent]
    assert len(server.lines) == 2


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(b"", (OutcomeUnknown, "no_answer_after_data"), id="drop"),
        pytest.param(b"hello\r\n", (OutcomeUnknown, "garbled_answer"), id="garbled"),
        pytest.param(b"354 again\r\n", (OutcomeUnknown, "garbled_answer"), id="354"),
        pytest.param(b"421 4.3.2 bye\r\n", (SenderDown, "relay_busy"), id="421"),
        pytest.param(TAKEN, Sent, id="taken, then drop"),
        pytest.param(TAKEN + b"250 fine\r\n", Sent, id="taken, then drop at RCPT"),
        pytest.param(TAKEN + b"421 bye\r\n", Sent, id="taken, then 421"),
        pytest.param(TAKEN + ENVELOPE + TAKEN, Sent, id="one too many"),
    ],
)
async def test_a_mail_behind_one_that_breaks_off_goes_over_a_fresh_connection(
    answer: bytes, outcome: object
) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        await line.say(answer)

    async with talking(talk, Line.carry) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    one_too_many = answer.count(TAKEN) == 2
    assert outcomes == [outcome, (TryAgain, "garbled_answer") if one_too_many else Sent]
    assert server.count("m0@example.com") == 1
    assert server.count("m1@example.com") == (0 if one_too_many else 1)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"554 5.7.1 spam\r\n", (Rejected, "refused_by_policy")),
        (b"451 4.3.0 later\r\n", (TryAgain, "relay_busy")),
    ],
)
async def test_a_refused_message_leaves_the_mail_behind_it_alone(
    answer: bytes, outcome: object
) -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        await line.say(answer + ENVELOPE)
        await line.message()
        await line.say(TAKEN)
        await line.carry()

    async with talking(talk) as server:
        channel = server.channel()

        outcomes = await _outcomes(_sends(channel, 2))

        await channel.close()
    assert outcomes == [outcome, Sent]
    assert len(server.lines) == 1


async def test_a_mail_cancelled_behind_another_lets_that_one_finish() -> None:
    cancelled = asyncio.Event()
    both = asyncio.Event()

    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        both.set()
        await cancelled.wait()
        await line.say(TAKEN + ENVELOPE)
        line.messages.append(await line.reader.read())

    async with talking(talk, Line.carry) as server:
        channel = server.channel()
        sends = _sends(channel, 3)
        await both.wait()

        sends[1].cancel()
        await asyncio.sleep(0)
        cancelled.set()
        outcomes = await _outcomes(sends)

        await channel.close()
    assert outcomes == [Sent, asyncio.CancelledError, Sent]
    assert [server.count(f"m{number}@example.com") for number in range(3)] == [1, 0, 1]


async def test_a_mail_behind_a_cancelled_one_goes_over_a_fresh_connection() -> None:
    both = asyncio.Event()

    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        both.set()
        await line.reader.read()

    async with talking(talk, Line.carry) as server:
        channel = server.channel()
        sends = _sends(channel, 3)
        await both.wait()

        sends[0].cancel()
        outcomes = await _outcomes(sends)

        await channel.close()
    assert outcomes == [asyncio.CancelledError, Sent, Sent]
    assert [server.count(f"m{number}@example.com") for number in range(3)] == [1, 1, 1]


async def test_a_mail_cancelled_while_it_waits_takes_no_place() -> None:
    async with talking(Line.carry) as server:
        channel = server.channel()
        sends = _sends(channel, 4)
        await asyncio.sleep(0)

        sends[2].cancel()
        outcomes = await _outcomes(sends)

        await channel.close()
    assert outcomes == [Sent, Sent, asyncio.CancelledError, Sent]
    assert len(server.messages) == 3


async def test_who_waits_behind_a_silent_server_knows_that_nothing_was_handed_over() -> None:
    async def talk(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.reader.read()

    async with talking(talk) as server:
        channel = server.channel(timeout=0.5)

        outcomes = await _outcomes(_sends(channel, 3))

        await channel.close()
    assert outcomes == [
        (OutcomeUnknown, "no_answer_after_data"),
        (TryAgain, "timed_out"),
        (TryAgain, "timed_out"),
    ]
    assert len(server.messages) == 1


async def test_a_mail_given_a_place_and_cancelled_passes_it_on() -> None:
    async def talk(line: Line) -> None:
        await line.envelope()

    async with talking(talk, Line.carry) as server:
        channel = server.channel()

        async def first() -> Sent:
            try:
                return await channel.send(an_email())
            finally:
                # The next one has been given the place, and has not been told yet.
                sends[1].cancel()

        sends = [asyncio.create_task(first()), *_sends(channel, 2)]
        outcomes = await _outcomes(sends)

        await channel.close()
    assert outcomes == [(TryAgain, "connection_lost"), asyncio.CancelledError, Sent]


@dataclass
class Alone:
    """Owns a connection and no further mail."""

    gone: list[Dialogue] = field(default_factory=list)

    def following(self) -> None:
        return None

    def free(self, dialogue: Dialogue) -> None:
        dialogue.quit()

    def lost(self, dialogue: Dialogue, movable: Transaction | None) -> None:
        assert movable is None
        self.gone.append(dialogue)


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("cancelled", [False, True])
async def test_nothing_is_handed_over_once_the_connection_or_the_sender_is_gone(
    *, begun: bool, cancelled: bool
) -> None:
    heard: list[bytes] = []
    done = asyncio.Event()

    async def talk(line: Line) -> None:
        heard.append(await line.reader.read())
        done.set()

    async with talking(talk) as server:
        opener = Opener(relay(f"smtp://{HOST}:{server.port}?tls=none"))
        loop, owner = asyncio.get_running_loop(), Alone()
        transport, client = await opener.open(deadline=loop.time() + 5.0, others=False)
        watch = Watch(lambda _: math.inf)
        dialogue = Dialogue(transport, Extensions.of(client), timeout=5.0, owner=owner, watch=watch)
        mail = Mail("b@example.com", "erika@example.org", None, b"X: y\r\n\r\nz\r\n")
        transaction = Transaction(mail, deadline=loop.time() + 5.0)
        transport.set_protocol(dialogue)

        if begun:
            dialogue.begin(transaction)
        if cancelled:
            transaction.done.cancel()
        else:
            transport.close()
        if not begun:
            dialogue.begin(transaction)
        dialogue.data_received(ENVELOPE)

        (outcome,) = await asyncio.gather(transaction.done, return_exceptions=True)
        await done.wait()
    assert isinstance(outcome, asyncio.CancelledError if cancelled else TryAgain)
    assert owner.gone == [dialogue]
    assert b"X: y" not in heard[0]


async def test_many_mails_share_few_connections() -> None:
    async with talking(Line.carry) as server:
        channel = server.channel(connections=3)

        outcomes = await _outcomes(_sends(channel, 400))

        await channel.close()
    assert outcomes == [Sent] * 400
    assert {server.count(f"m{number}@example.com") for number in range(400)} == {1}
    assert 3 <= len(server.lines) <= 6


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_it_is_the_same_over_tls_and_on_either_loop(
    loop: Callable[[], asyncio.AbstractEventLoop],
    scheme: str,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async def drop_the_second(line: Line) -> None:
        await line.envelope()
        await line.say(ENVELOPE)
        await line.message()
        await line.envelope()
        await line.say(TAKEN)

    async def scene() -> None:
        server_tls, client_tls = contexts
        async with talking(
            drop_the_second, Line.carry, tls=server_tls, implicit=scheme == "smtps"
        ) as server:
            url = f"{scheme}://{HOST}:{server.port}"
            channel = EmailChannel(url, connections=1, tls_context=client_tls)

            outcomes = await _outcomes(_sends(channel, 150))

            await channel.close()
        assert outcomes == [Sent] * 150
        assert {server.count(f"m{number}@example.com") for number in range(150)} == {1}
        assert len(server.lines) == 3

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(scene())
