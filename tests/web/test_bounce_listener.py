"""Bounces over SMTP and LMTP, from the clients of the standard library."""

import asyncio
import smtplib
import socket
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from channels.messages import Email
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.errors import Misconfigured
from notify.services.receiving import receiver as receiver_of
from notify.store.database import Database
from notify.web import bounces
from tests.channels.bounce_mails import fields, report
from tests.town import Town
from tests.web.hooked import Hooked, hand_over

T = TypeVar("T")
BOTH = pytest.mark.parametrize(
    "protocol", [pytest.param(smtplib.SMTP, id="smtp"), pytest.param(smtplib.LMTP, id="lmtp")]
)
GONE = report(fields(), line_end="\r\n")


@pytest.fixture
async def port(db: Database, keyring: Keyring) -> AsyncIterator[int]:
    receiver = receiver_of(db)
    server = await bounces.serve("127.0.0.1:0", keyring=keyring, receiver=receiver)
    yield int(server.sockets[0].getsockname()[1])
    server.close()
    await receiver.close()


@pytest.fixture
async def mail(town: Town) -> Hooked:
    return await hand_over(town, Channel.EMAIL)


def _address(mail: Hooked) -> str:
    assert isinstance(mail.message, Email)
    assert mail.message.envelope_from is not None
    return mail.message.envelope_from


async def _talk(protocol: type[smtplib.SMTP], port: int, say: Callable[[smtplib.SMTP], T]) -> T:
    """Speak to the listener from a thread, as a mail server on another machine would."""

    def speak() -> T:
        with protocol("127.0.0.1", port) as client:
            client.timeout = 10
            client.ehlo_or_helo_if_needed()
            return say(client)

    return await asyncio.to_thread(speak)


@BOTH
async def test_a_bounce_is_taken(port: int, mail: Hooked, protocol: type[smtplib.SMTP]) -> None:
    to = _address(mail)

    refused = await _talk(protocol, port, lambda c: c.sendmail("", [to], GONE))

    assert refused == {}
    assert await mail.status() == "failed"
    assert await mail.suppressed() == ["bounced"]


@BOTH
@pytest.mark.parametrize(
    "to",
    [
        pytest.param("postmaster@musterstadt.example", id="postmaster"),
        pytest.param("erika@example.org", id="elsewhere"),
        pytest.param("bounce+1-aaaaaaaaaaaaaaaa@musterstadt.example", id="forged"),
        pytest.param("bounce+1@musterstadt.example", id="no MAC"),
    ],
)
async def test_nothing_else_is_taken_so_this_is_no_relay(
    port: int, mail: Hooked, protocol: type[smtplib.SMTP], to: str
) -> None:
    def ask(client: smtplib.SMTP) -> tuple[int, int]:
        client.mail("anyone@example.net")
        refused = client.rcpt(to)[0]
        return refused, client.docmd("DATA")[0]

    assert await _talk(protocol, port, ask) == (550, 503)
    assert await mail.receipts() == []


@BOTH
async def test_each_mail_has_one_recipient_and_one_answer(
    port: int, mail: Hooked, protocol: type[smtplib.SMTP]
) -> None:
    to = _address(mail)

    def ask(client: smtplib.SMTP) -> list[int]:
        client.mail("")
        codes = [client.rcpt(name)[0] for name in (to, to, "erika@example.org")]
        return [*codes, client.data(GONE)[0], client.noop()[0]]

    assert await _talk(protocol, port, ask) == [250, 452, 550, 250, 250]
    assert await mail.receipts() == ["failed"]


@BOTH
async def test_several_bounces_come_over_one_connection(
    port: int, mail: Hooked, protocol: type[smtplib.SMTP]
) -> None:
    to = _address(mail)
    later = report(fields("delayed", "4.4.1"), line_end="\r\n")

    await _talk(
        protocol, port, lambda c: [c.sendmail("", [to], body) for body in (later, GONE, GONE)]
    )

    assert await mail.receipts() == ["delayed", "failed"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"no mail at all", 554, id="garbage"),
        pytest.param(b"Subject: x\r\n\r\n" + b"x" * 500 + b"\r\n", 250, id="nothing reported"),
        pytest.param(b"Subject: x\r\n\r\n" + b"y" * 5_000 + b"\r\n", 250, id="a long line"),
        pytest.param(b"Subject: x\r\n\r\n" + b"z" * 78 + b"\r\n.\r\n..\r\n", 250, id="dots"),
        pytest.param(b"Subject: x\r\n\r\n" + (b"x" * 98 + b"\r\n") * 11_000, 552, id="too big"),
    ],
)
async def test_what_is_no_bounce_is_answered_for_good(
    port: int, mail: Hooked, body: bytes, code: int
) -> None:
    to = _address(mail)

    def ask(client: smtplib.SMTP) -> int:
        client.mail("")
        client.rcpt(to)
        return client.data(body)[0]

    assert await _talk(smtplib.SMTP, port, ask) == code
    assert await mail.status() == "sent"


async def test_a_mail_said_to_be_too_big_is_refused_at_once(port: int, mail: Hooked) -> None:
    code = await _talk(smtplib.SMTP, port, lambda c: c.mail("", ["SIZE=2000000"])[0])

    assert code == 552


@BOTH
async def test_while_the_database_is_away_the_sender_shall_try_again(
    port: int, mail: Hooked, protocol: type[smtplib.SMTP], db: Database
) -> None:
    to = _address(mail)
    await db.close()

    def ask(client: smtplib.SMTP) -> int:
        client.mail("")
        client.rcpt(to)
        return client.data(GONE)[0]

    assert await _talk(protocol, port, ask) == 451


@pytest.mark.parametrize(
    "listen",
    [
        "nonsense",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        ":x",
        "192.0.2.1:25",
    ],
)
async def test_a_wrong_setting_is_named(db: Database, keyring: Keyring, listen: str) -> None:
    with pytest.raises(Misconfigured, match="NOTIFY_BOUNCE_LISTEN"):
        await bounces.serve(listen, keyring=keyring, receiver=receiver_of(db))


async def test_a_port_in_use_is_a_wrong_setting_too(db: Database, keyring: Keyring) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(Misconfigured, match="a port that is free"):
            await bounces.serve(f"127.0.0.1:{port}", keyring=keyring, receiver=receiver_of(db))
