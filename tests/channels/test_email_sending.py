"""The e-mail channel against servers that behave."""

import asyncio
from email import message_from_bytes, policy

import pytest

from channels.base import Channel, Rejected, SenderDown
from channels.email import EmailChannel
from channels.envelope import Mail
from channels.messages import Email
from channels.pipeline import MAILS_PER_CONNECTION
from channels.pool import Pool
from channels.relay import relay
from channels.smtp import Opener
from tests.channels.conftest import Script
from tests.channels.smtp_double import HOST, an_email, real


async def test_a_mail_arrives_whole_at_a_real_server() -> None:
    async with real() as inbox:
        channel = EmailChannel(f"smtp://{HOST}:{inbox.port}?tls=none")

        sent = await channel.send(an_email(to="erika@straße.example"))

        await channel.close()
    envelope = inbox.envelopes[0]
    mail = message_from_bytes(envelope.original_content or b"", policy=policy.default)
    assert (sent.provider_id, sent.code) == ("Q1", "250")
    assert envelope.mail_from == "b-1@bounces.example.com"
    assert envelope.rcpt_tos == ["erika@xn--strae-oqa.example"]
    assert mail["Subject"] == "Sturmwarnung"


async def test_mails_share_a_connection(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)

        for number in range(5):
            await channel.send(an_email(message_id=f"d{number}@example.com"))

        await channel.close()
    assert server.connections == 1
    assert server.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 5, "QUIT"]


async def test_no_more_connections_are_opened_than_allowed(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url, connections=3)

        await asyncio.gather(*(channel.send(an_email()) for _ in range(20)))

        await channel.close()
    assert 1 <= server.connections <= 3
    assert len(server.bodies) == 20


async def test_a_connection_is_replaced_after_many_mails(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url, connections=1)

        for _ in range(MAILS_PER_CONNECTION + 1):
            await channel.send(an_email())

        await channel.close()
    assert server.connections == 2
    assert server.verbs().count("QUIT") == 2


async def test_a_connection_that_was_idle_for_long_is_not_used_again(scripted: Script) -> None:
    mail = Mail("b-1@bounces.example.com", "erika@example.org", None, b"X: y\r\n\r\nz\r\n")
    async with scripted() as server:
        pool = Pool(Opener(relay(server.url)), size=1, timeout=5.0, idle=0.0)

        await pool.carry(mail)
        await pool.carry(mail)

        await pool.close()
    assert server.connections == 2


async def test_a_server_that_only_knows_helo_is_spoken_to(scripted: Script) -> None:
    async with scripted({"EHLO": "502 what"}) as server:
        channel = EmailChannel(server.url)

        await channel.send(an_email())

        await channel.close()
    assert server.verbs()[:3] == ["EHLO", "HELO", "MAIL"]


async def test_delivery_reports_are_asked_for_where_the_server_can(scripted: Script) -> None:
    async with scripted(offers=("DSN", "SIZE 0")) as server:
        channel = EmailChannel(server.url)

        await channel.send(an_email(to="a+b@example.org", envelope_id="att=1+2"))

        await channel.close()
    mail, recipient = server.commands[1:3]
    assert mail.startswith("MAIL FROM:<b-1@bounces.example.com> SIZE=")
    assert mail.endswith(" RET=HDRS ENVID=att+3D1+2B2")
    assert recipient == (
        "RCPT TO:<a+b@example.org> NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@example.org"
    )


async def test_delivery_reports_are_not_asked_for_elsewhere(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)

        await channel.send(an_email(envelope_id="att1"))

        await channel.close()
    assert server.commands[1] == "MAIL FROM:<b-1@bounces.example.com>"
    assert server.commands[2] == "RCPT TO:<erika@example.org>"


async def test_a_mail_larger_than_the_server_takes_is_not_sent(scripted: Script) -> None:
    async with scripted(offers=("SIZE 500",)) as server:
        channel = EmailChannel(server.url)

        with pytest.raises(Rejected, match="too_big"):
            await channel.send(an_email(text="x" * 500))

        await channel.close()
    assert "MAIL" not in server.verbs()


async def test_a_local_part_beyond_ascii_goes_to_servers_that_take_it(scripted: Script) -> None:
    async with scripted(offers=("SMTPUTF8", "8BITMIME", "DSN")) as server:
        channel = EmailChannel(server.url)

        await channel.send(an_email(to="jürgen@müller.example"))

        await channel.close()
    assert server.commands[1].endswith(" BODY=8BITMIME SMTPUTF8 RET=HDRS")
    assert server.commands[2] == "RCPT TO:<jürgen@xn--mller-kva.example> NOTIFY=FAILURE,DELAY"
    assert "To: jürgen@xn--mller-kva.example\r\n".encode() in server.bodies[0]


async def test_a_local_part_beyond_ascii_is_rejected_elsewhere(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)

        with pytest.raises(Rejected, match="needs_smtputf8"):
            await channel.send(an_email(to="jürgen@example.org"))
        await channel.send(an_email())

        await channel.close()
    assert len(server.bodies) == 1


async def test_the_body_is_seven_bit_and_no_line_but_the_last_begins_with_a_dot(
    scripted: Script,
) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)

        await channel.send(
            an_email(text=".\n.Grüße\n..\n" + "so lang wie sonst auch " * 9, subject="Grüße")
        )

        await channel.close()
    body = server.bodies[0]
    assert body.isascii()
    assert b"\r\n=2EGr=C3=BC=C3=9Fe\r\n" in body
    assert body.count(b"\r\n.") == 1
    assert max(map(len, body.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "field",
    ["to", "from_address", "envelope_from", "message_id", "reply_to", "in_reply_to", "language"],
)
async def test_an_address_or_id_with_a_line_end_in_it_never_leaves(
    scripted: Script, field: str
) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)

        with pytest.raises(Rejected, match="unsendable"):
            await channel.send(an_email(**{field: "a@example.org\r\nRCPT TO:<b@example.org>"}))

        await channel.close()
    assert server.connections == 0


@pytest.mark.parametrize("envelope_id", ["a\r\nb", "ü", "x" * 101])
async def test_an_envelope_id_that_cannot_be_written_is_rejected(envelope_id: str) -> None:
    channel = EmailChannel("smtp://127.0.0.1:9?tls=none")

    with pytest.raises(Rejected, match="unsendable"):
        await channel.send(an_email(envelope_id=envelope_id))


async def test_a_closed_channel_sends_no_more(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)
        await channel.close()

        with pytest.raises(SenderDown, match="closed"):
            await channel.send(an_email())


async def test_a_channel_closed_during_a_send_lets_it_finish(scripted: Script) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url)
        sending = asyncio.create_task(channel.send(an_email()))
        await server.spoken_to.wait()

        await channel.close()
        sent = await sending

    assert sent.code == "250"
    assert server.verbs()[-1] == "QUIT"


async def test_a_mail_that_waits_when_the_channel_is_closed_does_not_begin(
    scripted: Script,
) -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url, connections=1)
        sends = [asyncio.create_task(channel.send(an_email())) for _ in range(4)]
        await server.spoken_to.wait()

        await channel.close()
        outcomes = await asyncio.gather(*sends, return_exceptions=True)

    assert {str(outcome) for outcome in outcomes[1:]} == {"closed"}
    assert len(server.bodies) == 1


def test_the_channel_names_itself_without_credentials() -> None:
    url = "smtp://user:geheimnis@mail.example.org"
    channel: Channel[Email] = EmailChannel(url, connections=7)

    assert (channel.sender, channel.concurrency) == ("smtp://mail.example.org:587", 7)
