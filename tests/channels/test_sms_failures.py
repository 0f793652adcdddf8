"""What the SMS channel makes of each way to fail, and that it never asks twice."""

import asyncio
import logging
import socket
from typing import Any

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
from channels.twilio_codes import CODES, Kind
from tests.channels.twilio_double import (
    MESSAGE,
    NUMBER,
    TOKEN,
    Answer,
    channel,
    drop,
    endless,
    gateway,
    half,
    half_a_429,
    hang,
    reply,
    send,
    taken,
)

OUTCOMES: dict[Kind, type[Failure]] = {
    Kind.AGAIN: TryAgain,
    Kind.THROTTLED: SenderDown,
    Kind.REJECTED: Rejected,
    Kind.GONE: AddressGone,
    Kind.STOPPED: SenderStopped,
    Kind.SENDER: SenderStopped,
}


def refusal(status: int, code: int | None, **headers: str) -> Answer:
    return reply(status, {"status": status, "code": code, "message": f"no {NUMBER}"}, **headers)


@pytest.mark.parametrize(
    ("answer", "outcome", "reason", "code"),
    [
        pytest.param(refusal(401, 20003), SenderStopped, "not_authorised", "20003", id="401"),
        pytest.param(reply(403, b"<p>"), SenderStopped, "not_authorised", "403", id="403 html"),
        pytest.param(reply(404, b"<p>"), SenderStopped, "not_found", "404", id="wrong address"),
        pytest.param(reply(408, b""), TryAgain, "too_slow", "408", id="408"),
        pytest.param(refusal(400, 29999), Rejected, "refused", "29999", id="unknown code"),
        pytest.param(reply(400, b"[" * 90_000), Rejected, "refused", "400", id="deep nonsense"),
        pytest.param(
            refusal(400, 30002), SenderStopped, "account_suspended", "30002", id="suspended"
        ),
        pytest.param(refusal(500, 20500), OutcomeUnknown, "provider_error", "20500", id="500"),
        pytest.param(reply(502, b"<p>"), OutcomeUnknown, "provider_error", "502", id="502 html"),
        pytest.param(
            reply(503, b"", Retry_After="1"), OutcomeUnknown, "provider_error", "503", id="503"
        ),
        pytest.param(reply(201, b"{"), OutcomeUnknown, "unreadable_answer", None, id="broken json"),
        pytest.param(reply(201, b""), OutcomeUnknown, "unreadable_answer", None, id="empty"),
        pytest.param(reply(201, b"[]"), OutcomeUnknown, "unreadable_answer", None, id="a list"),
        pytest.param(reply(201, {}), OutcomeUnknown, "unreadable_answer", None, id="no sid"),
        pytest.param(
            reply(201, b"[" * 90_000), OutcomeUnknown, "unreadable_answer", None, id="deep json"
        ),
        pytest.param(endless, OutcomeUnknown, "unreadable_answer", None, id="endless"),
        pytest.param(drop, OutcomeUnknown, "disconnected", None, id="dropped after the request"),
        pytest.param(half, OutcomeUnknown, "disconnected", None, id="dropped within the answer"),
        pytest.param(half_a_429, SenderDown, "throttled", "429", id="429 cut off"),
        pytest.param(
            reply(307, b"", Location="/elsewhere"), SenderDown, "redirected", "307", id="redirect"
        ),
        pytest.param(
            reply(201, taken(status="failed", error_code=21610)),
            AddressGone,
            "opted_out",
            "21610",
            id="failed at once",
        ),
        pytest.param(
            reply(201, taken(status="undelivered")), Rejected, "refused", None, id="no reason given"
        ),
    ],
)
async def test_each_answer_has_one_outcome_and_is_asked_for_once(
    answer: Answer, outcome: type[Failure], reason: str, code: str | None
) -> None:
    async with gateway(answer) as twilio, channel(twilio.url) as sms:
        failure = await send(sms)

    assert type(failure) is outcome
    assert isinstance(failure, Failure)
    assert (failure.reason, failure.code) == (reason, code)
    assert twilio.posts == 1


@pytest.mark.parametrize("code", CODES)
async def test_every_code_has_the_outcome_of_its_kind(code: int) -> None:
    async with gateway(refusal(400, code)) as twilio, channel(twilio.url) as sms:
        failure = await send(sms)

    assert type(failure) is OUTCOMES[CODES[code].kind]
    assert isinstance(failure, Failure)
    assert (failure.reason, failure.code) == (CODES[code].reason, str(code))
    assert twilio.posts == 1


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        pytest.param({}, None, id="no wish"),
        pytest.param({"Retry_After": "7"}, 7.0, id="seconds"),
        pytest.param({"Retry_After": "99999999"}, 3600.0, id="not believed"),
        pytest.param({"Retry_After": "soon"}, None, id="nonsense"),
        pytest.param(
            {
                "Retry_After": "Mon, 05 Jan 2026 10:00:30 GMT",
                "Date": "Mon, 05 Jan 2026 10:00:00 GMT",
            },
            30.0,
            id="date, by the clock of the provider",
        ),
        pytest.param({"Retry_After": "Mon, 05 Jan 1998 10:00:30 GMT"}, 0.0, id="long past"),
    ],
)
@pytest.mark.parametrize(
    "code",
    [
        pytest.param(20429, id="20429"),
        pytest.param(None, id="bare"),
        pytest.param(21211, id="beside a code that says otherwise"),
    ],
)
async def test_throttling_slows_the_sender_down_as_long_as_asked(
    headers: dict[str, str], after: float | None, code: int | None
) -> None:
    async with gateway(refusal(429, code, **headers)) as twilio, channel(twilio.url) as sms:
        failure = await send(sms)

    assert type(failure) is SenderDown
    assert (failure.reason, failure.after) == ("throttled", after)


async def test_retry_after_stays_with_its_own_call() -> None:
    answers = [refusal(429, 20429, Retry_After=str(wish)) for wish in range(1, 21)]

    async with gateway(*answers) as twilio, channel(twilio.url) as sms:
        failures = await asyncio.gather(*(send(sms) for _ in answers))

    wishes = sorted(f.after or 0 for f in failures if isinstance(f, SenderDown))
    assert wishes == [float(wish) for wish in range(1, 21)]


async def test_a_refused_connection_was_never_a_hand_over() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        async with channel(url) as sms:
            failure = await send(sms)

    assert type(failure) is SenderDown
    assert failure.reason == "unreachable"


async def test_a_name_that_does_not_resolve_was_never_a_hand_over() -> None:
    async with channel("http://twilio.invalid") as sms:
        failure = await send(sms)

    assert type(failure) is SenderDown


@pytest.mark.parametrize(
    "hello",
    [
        pytest.param(b"no TLS here\r\n", id="refused"),
        pytest.param(b"", id="never finished"),
    ],
)
async def test_a_failed_tls_handshake_was_never_a_hand_over(hello: bytes) -> None:
    async with (
        gateway(hang, greeting=hello) as twilio,
        channel(twilio.url.replace("http:", "https:"), limit=1) as sms,
    ):
        failure = await send(sms)

    assert type(failure) is SenderDown


async def test_a_silent_provider_leaves_the_outcome_unknown() -> None:
    async with gateway(hang) as twilio, channel(twilio.url, limit=1.5) as sms:
        failure = await send(sms)

    assert type(failure) is OutcomeUnknown
    assert failure.reason == "timed_out"
    assert twilio.posts == 1


async def test_a_cancelled_call_stays_cancelled() -> None:
    async with gateway(hang) as twilio, channel(twilio.url) as sms:
        call = asyncio.create_task(sms.send(MESSAGE))
        await twilio.arrived.wait()
        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call

    assert twilio.posts == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(400, 21211), id="refused"),
        pytest.param(reply(500, {"message": NUMBER}), id="broken"),
        pytest.param(reply(201, b"{" + NUMBER.encode()), id="unreadable"),
    ],
)
async def test_no_number_text_or_token_reaches_log_or_exception(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    async with gateway(answer) as twilio, channel(twilio.url) as sms:
        failure = await send(sms)

    chain: list[Any] = [failure]
    while isinstance(chain[-1], BaseException):
        chain.append(chain[-1].__context__)
    told = caplog.text + "".join(map(repr, chain))
    assert not any(secret in told for secret in (NUMBER, MESSAGE.body, TOKEN))
