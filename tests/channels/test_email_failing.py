"""The e-mail channel against servers that misbehave: what it says and what it does next."""

import asyncio
from collections.abc import Mapping

import pytest

from channels.base import (
    AddressGone,
    Failure,
    OutcomeUnknown,
    Rejected,
    SenderDown,
    SenderStopped,
    TryAgain,
)
from channels.email import EmailChannel
from tests.channels.conftest import Script
from tests.channels.smtp_double import DROP, HANG, an_email


async def _failure(
    scripted: Script, answers: Mapping[str, str | list[str]], *, seconds: float = 5.0
) -> tuple[Failure, list[str]]:
    """How one mail fails, and the commands the server saw."""
    async with scripted(answers) as server:
        channel = EmailChannel(server.url, timeout=seconds)
        with pytest.raises(Failure) as caught:
            await channel.send(an_email())
        await channel.close()
    assert "example.org" not in f"{caught.value!r}{caught.value.__dict__}"
    return caught.value, server.verbs()


@pytest.mark.parametrize(
    ("answers", "failure", "reason"),
    [
        pytest.param({"GREETING": DROP}, SenderDown, "unreachable", id="greeting drop"),
        pytest.param({"GREETING": "421 busy"}, SenderDown, "relay_busy", id="greeting 421"),
        pytest.param({"GREETING": "554 go"}, SenderDown, "refused_connection", id="greeting 554"),
        pytest.param({"GREETING": "hello"}, SenderDown, "garbled_answer", id="no smtp"),
        pytest.param({"EHLO": DROP}, SenderDown, "unreachable", id="ehlo drop"),
        pytest.param({"EHLO": "550 no"}, SenderDown, "refused_connection", id="ehlo 550"),
        pytest.param({"MAIL": "421 4.3.2 down"}, SenderDown, "relay_busy", id="mail 421"),
        pytest.param({"MAIL": "530 5.7.0 login"}, SenderStopped, "credentials_refused", id="530"),
        pytest.param({"MAIL": DROP}, TryAgain, "connection_lost", id="mail drop"),
        pytest.param({"MAIL": "what"}, TryAgain, "garbled_answer", id="mail garbled"),
        pytest.param({"MAIL": "999 x"}, TryAgain, "garbled_answer", id="mail 999"),
        pytest.param({"RCPT": "550 5.1.1 no"}, AddressGone, "no_such_address", id="rcpt 5.1.1"),
        pytest.param({"RCPT": "450 4.2.0 later"}, TryAgain, "greylisted", id="rcpt 450"),
        pytest.param({"RCPT": DROP}, TryAgain, "connection_lost", id="rcpt drop"),
        pytest.param({"DATA": "451 later"}, TryAgain, "greylisted", id="data 451"),
        pytest.param({"DATA": "250 odd"}, TryAgain, "garbled_answer", id="data 250"),
        pytest.param({"DATA": DROP}, TryAgain, "connection_lost", id="data drop"),
        pytest.param({"BODY": "554 5.7.1 spam"}, Rejected, "refused_by_policy", id="body 554"),
        pytest.param({"BODY": "421 4.3.0 down"}, SenderDown, "relay_busy", id="body 421"),
        pytest.param({"BODY": DROP}, OutcomeUnknown, "no_answer_after_data", id="body drop"),
        pytest.param({"BODY": "what"}, OutcomeUnknown, "garbled_answer", id="body garbled"),
        pytest.param({"BODY": "354 again"}, OutcomeUnknown, "garbled_answer", id="body 354"),
    ],
)
async def test_each_phase_fails_in_its_own_way(
    scripted: Script, answers: dict[str, str], failure: type[Failure], reason: str
) -> None:
    caught, _ = await _failure(scripted, answers)

    assert (type(caught), caught.reason) == (failure, reason)


@pytest.mark.parametrize(
    ("phase", "failure", "reason"),
    [
        pytest.param("GREETING", SenderDown, "timed_out", id="greeting"),
        pytest.param("EHLO", SenderDown, "timed_out", id="ehlo"),
        pytest.param("MAIL", TryAgain, "timed_out", id="mail"),
        pytest.param("RCPT", TryAgain, "timed_out", id="rcpt"),
        pytest.param("DATA", TryAgain, "timed_out", id="data"),
        pytest.param("BODY", OutcomeUnknown, "no_answer_after_data", id="body"),
    ],
)
async def test_a_silent_server_is_waited_for_no_longer_than_the_time_out(
    scripted: Script, phase: str, failure: type[Failure], reason: str
) -> None:
    caught, verbs = await _failure(scripted, {phase: HANG}, seconds=0.7)

    assert (type(caught), caught.reason) == (failure, reason)
    assert "RSET" not in verbs


async def test_nobody_listening_means_the_sender_is_down(scripted: Script) -> None:
    async with scripted() as server:
        url = server.url
    channel = EmailChannel(url)

    with pytest.raises(SenderDown, match="unreachable"):
        await channel.send(an_email())

    await channel.close()


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "BODY"])
async def test_a_connection_serves_on_after_a_refusal(scripted: Script, phase: str) -> None:
    async with scripted({phase: ["550 5.7.1 no"]}) as server:
        channel = EmailChannel(server.url)

        with pytest.raises(Failure):
            await channel.send(an_email())
        await channel.send(an_email())

        await channel.close()
    assert server.connections == 1
    assert "RSET" in server.verbs()


@pytest.mark.parametrize("answer", [DROP, "500 what"])
async def test_a_connection_that_cannot_be_reset_is_replaced(scripted: Script, answer: str) -> None:
    async with scripted({"RCPT": ["550 5.1.1 no"], "RSET": answer}) as server:
        channel = EmailChannel(server.url)

        with pytest.raises(AddressGone):
            await channel.send(an_email())
        await channel.send(an_email())

        await channel.close()
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"MAIL": ["250 ok", "421 4.4.2 idle for too long"]}, id="421 at MAIL"),
        pytest.param({"MAIL": ["250 ok", DROP]}, id="drop at MAIL"),
        pytest.param({"RCPT": ["250 ok", DROP]}, id="drop at RCPT"),
        pytest.param({"BODY": ["421 4.3.2 that was your last"]}, id="gone in between"),
    ],
)
async def test_a_kept_connection_that_is_gone_is_replaced_within_the_send(
    scripted: Script,
    answer: dict[str, str | list[str]],
) -> None:
    async with scripted(answer) as server:
        channel = EmailChannel(server.url)
        try:
            await channel.send(an_email())
        except SenderDown:
            assert "BODY" in answer

        sent = await channel.send(an_email(message_id="second@example.com"))

        await channel.close()
    assert sent.code == "250"
    assert server.connections == 2
    assert sum(b"second@example.com" in body for body in server.bodies) == 1


async def test_a_mail_is_moved_to_a_fresh_connection_only_once(scripted: Script) -> None:
    async with scripted({"MAIL": ["250 ok", DROP, DROP, "250 ok"]}) as server:
        channel = EmailChannel(server.url)
        await channel.send(an_email())

        with pytest.raises(TryAgain, match="connection_lost"):
            await channel.send(an_email())

        await channel.close()
    assert server.connections == 2


async def test_after_an_unknown_outcome_the_next_mail_goes_over_a_fresh_connection(
    scripted: Script,
) -> None:
    async with scripted({"BODY": [HANG]}) as server:
        channel = EmailChannel(server.url, timeout=1.0)

        with pytest.raises(OutcomeUnknown):
            await channel.send(an_email())
        await channel.send(an_email())

        await channel.close()
    assert server.connections == 2


@pytest.mark.parametrize("phase", ["GREETING", "MAIL", "RCPT", "BODY", "RSET"])
async def test_a_cancelled_send_leaves_no_connection_out_of_step(
    scripted: Script, phase: str
) -> None:
    refusals = ["550 5.1.1 no"] if phase == "RSET" else []
    async with scripted({"RCPT": refusals, phase: [HANG]}) as server:
        channel = EmailChannel(server.url, connections=1)
        sending = asyncio.create_task(channel.send(an_email()))
        await server.reached.wait()

        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        sent = await channel.send(an_email())

        await channel.close()
    assert sent.code == "250"
    assert server.connections == 2


async def test_a_server_that_wants_no_more_connections_is_not_down(scripted: Script) -> None:
    answers: dict[str, str | list[str]] = {
        "GREETING": ["220 hello", "421 4.7.0 too many connections"],
        "BODY": [HANG],
    }
    async with scripted(answers) as server:
        channel = EmailChannel(server.url)
        first = asyncio.create_task(channel.send(an_email()))
        await server.reached.wait()

        with pytest.raises(TryAgain) as caught:
            await channel.send(an_email())

        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await channel.close()
    assert not isinstance(caught.value, SenderDown)
    assert (caught.value.reason, caught.value.after) == ("relay_busy", 1.0)


@pytest.mark.parametrize("answer", [DROP, "500 what"])
async def test_a_server_that_does_not_say_goodbye_is_left_all_the_same(
    scripted: Script, answer: str
) -> None:
    async with scripted({"QUIT": answer}) as server:
        channel = EmailChannel(server.url)
        await channel.send(an_email())

        await channel.close()

    assert server.verbs()[-1] == "QUIT"
