"""The relay takes mail over SMTP as a real one does, and keeps every one."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiosmtplib
import pytest

from sandbox.books import Book
from sandbox.mails import Mail
from sandbox.relay import Relay
from sandbox.rules import Rules, read_rules


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    async with Relay() as running:
        yield running


async def client(relay: Relay) -> aiosmtplib.SMTP:
    made = aiosmtplib.SMTP(hostname="127.0.0.1", port=relay.port, timeout=5)
    await made.connect(start_tls=False)
    return made


async def talk(relay: Relay, said: bytes) -> list[str]:
    """Say everything at once and give all lines that come back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    writer.write(said)
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().splitlines()


def mail(number: int, body: bytes = b"hi") -> bytes:
    return b"MAIL FROM:<b@town.example>\r\nRCPT TO:<r%d@home.example>\r\nDATA\r\n%b\r\n.\r\n" % (
        number,
        body,
    )


async def test_a_mail_is_booked_as_it_was_sent(relay: Relay) -> None:
    message = EmailMessage()
    message["Subject"] = (
        "Sturmböen über Überlingen, bleiben Sie bitte zu Hause und meiden Sie den Wald"
    )
    message["From"] = "Stadt <warnung@town.example>"
    message["Message-ID"] = "<7@town.example>"
    message.set_content("Bäume fallen.\n.Punkt am Anfang\n")
    message.add_alternative("<p>Bäume fallen.</p>", subtype="html")

    async with await client(relay) as smtp:
        await smtp.mail("bounce+7@town.example", options=["ENVID=a+2B7"])
        await smtp.rcpt("r@home.example", options=["NOTIFY=FAILURE"])
        await smtp.data(bytes(message))

    taken = relay.book.all()[0]
    assert taken.subject == message["Subject"]
    assert taken.text == "Bäume fallen.\n.Punkt am Anfang\n"
    assert taken.html == "<p>Bäume fallen.</p>\n"
    assert (taken.to, taken.message_id) == ("r@home.example", "7@town.example")
    assert (taken.envelope_from, taken.envid) == ("bounce+7@town.example", "a+7")
    assert taken.options == {"NOTIFY": "FAILURE"}
    assert taken.raw == bytes(message).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


async def test_each_recipient_of_a_mail_has_a_record(relay: Relay) -> None:
    async with await client(relay) as smtp:
        await smtp.sendmail("b@town.example", ["a@home.example", "b@home.example"], b"x: y\r\n\r\n")

    assert [each.to for each in relay.book.all()] == ["a@home.example", "b@home.example"]


async def test_pipelined_mails_on_one_connection_are_all_taken_in_order(relay: Relay) -> None:
    said = b"EHLO me\r\n" + b"".join(mail(number) for number in range(50)) + b"QUIT\r\n"

    answers = await talk(relay, said)

    assert [each.to for each in relay.book.all()] == [f"r{n}@home.example" for n in range(50)]
    assert sum(line.startswith("354") for line in answers) == 50
    assert answers[-1].startswith("221")


async def test_what_comes_byte_by_byte_is_understood(relay: Relay) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    for byte in b"EHLO me\r\n" + mail(1, b"a\r\n..b\r\n.\rc") + b"QUIT\r\n":
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await reader.read()
    writer.close()
    await writer.wait_closed()

    assert relay.book.all()[0].raw == b"a\r\n.b\r\n\rc\r\n"


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        pytest.param(b"..", b".\r\n", id="one dot"),
        pytest.param(b"a\n.\nb", b"a\n.\nb\r\n", id="bare LF ends nothing"),
        pytest.param(b"a\r.\rb", b"a\r.\rb\r\n", id="bare CR ends nothing"),
        pytest.param(b"..a\r\n...b", b".a\r\n..b\r\n", id="dots unstuffed"),
    ],
)
async def test_only_a_line_with_a_single_dot_ends_a_mail(
    relay: Relay, body: bytes, raw: bytes
) -> None:
    await talk(relay, b"EHLO me\r\n" + mail(1, body) + b"QUIT\r\n")

    assert [each.raw for each in relay.book.all()] == [raw]


async def test_a_mail_may_be_empty(relay: Relay) -> None:
    said = b"EHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<r@home.example>\r\nDATA\r\n.\r\nQUIT\r\n"

    await talk(relay, said)

    assert [(each.envelope_from, each.raw) for each in relay.book.all()] == [("", b"")]


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        pytest.param(b"NOOP\r\n", ["250"], id="noop"),
        pytest.param(b"HELO me\r\n", ["250"], id="helo"),
        pytest.param(b"TURN\r\n", ["502"], id="unknown"),
        pytest.param(b"STARTTLS\r\n", ["502"], id="no TLS here"),
        pytest.param(b"AUTH PLAIN eA==\r\n", ["502"], id="no AUTH here"),
        pytest.param(b"MAIL FROM:<a@b>\r\n", ["503"], id="MAIL before EHLO"),
        pytest.param(b"HELO me\r\nRCPT TO:<a@b>\r\n", ["250", "503"], id="RCPT before MAIL"),
        pytest.param(b"HELO me\r\nDATA\r\n", ["250", "503"], id="DATA before MAIL"),
        pytest.param(b"HELO me\r\nMAIL FROM: a@b\r\n", ["250", "501"], id="no brackets"),
        pytest.param(
            b"HELO me\r\nMAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", ["250", "250", "503"], id="nested"
        ),
        pytest.param(
            b"HELO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<>\r\n", ["250", "250", "501"], id="nobody"
        ),
        pytest.param(
            b"HELO me\r\nMAIL FROM:<a@b>\r\nRSET\r\nRCPT TO:<a@b>\r\n",
            ["250", "250", "250", "503"],
            id="rset",
        ),
        pytest.param(b"HELO me\r\nMAIL FROM:<a@b> SIZE=99999999\r\n", ["250", "552"], id="too big"),
        pytest.param(b"x" * 3_000, ["500"], id="line too long"),
    ],
)
async def test_commands_are_answered_by_the_book(
    relay: Relay, said: bytes, codes: list[str]
) -> None:
    answers = await talk(relay, said)

    assert [line[:3] for line in answers] == ["220", *codes]


async def test_it_offers_what_the_service_relies_on(relay: Relay) -> None:
    async with await client(relay) as smtp:
        await smtp.ehlo()

        offered = set(smtp.esmtp_extensions)

    assert {"pipelining", "8bitmime", "size", "dsn", "enhancedstatuscodes"} <= offered
    assert not {"starttls", "auth"} & offered


async def test_starttls_works_with_its_certificate() -> None:
    async with Relay(starttls=True) as relay:
        trust = ssl.create_default_context(cadata=relay.certificate)
        smtp = aiosmtplib.SMTP(
            hostname="127.0.0.1", port=relay.port, start_tls=True, tls_context=trust, timeout=5
        )

        async with smtp:
            await smtp.sendmail("b@town.example", ["r@home.example"], b"x: y\r\n\r\n")

        assert len(relay.book) == 1


async def test_what_follows_starttls_in_clear_text_is_thrown_away() -> None:
    async with Relay(starttls=True) as relay:
        answers = await talk(relay, b"EHLO me\r\nSTARTTLS\r\n" + mail(1))

        assert answers[-1].startswith("220 2.0.0")
        assert len(relay.book) == 0


async def test_starttls_can_be_stripped() -> None:
    rules = Rules(read_rules('[{"channel": "email", "do": "strip_starttls"}]'))
    async with Relay(rules, starttls=True) as relay:
        smtp = aiosmtplib.SMTP(hostname="127.0.0.1", port=relay.port, start_tls=True, timeout=5)

        with pytest.raises(aiosmtplib.SMTPException):
            await smtp.connect()


@pytest.mark.parametrize("method", ["PLAIN", "LOGIN"])
async def test_a_relay_with_credentials_wants_them(method: str) -> None:
    async with Relay(credentials=("town", "geheim")) as relay, await client(relay) as smtp:
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as refused:
            await smtp.sendmail("b@town.example", ["r@home.example"], b"x: y\r\n\r\n")
        login = smtp.auth_plain if method == "PLAIN" else smtp.auth_login
        with pytest.raises(aiosmtplib.SMTPAuthenticationError):
            await login("town", "falsch")
        await login("town", "geheim")
        await smtp.sendmail("b@town.example", ["r@home.example"], b"x: y\r\n\r\n")

        assert refused.value.code == 530
        assert len(relay.book) == 1


async def test_beyond_its_contents_a_book_keeps_the_digest() -> None:
    book: Book[Mail] = Book(contents=1)
    async with Relay(book=book) as relay, await client(relay) as smtp:
        for _ in range(2):
            await smtp.sendmail("b@town.example", ["r@home.example"], b"x: y\r\n\r\n")

    first, second = book.all()
    assert (first.raw, second.raw) == (b"x: y\r\n\r\n", b"")
    assert first.digest == second.digest
    assert second.size == len(first.raw)
