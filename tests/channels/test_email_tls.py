"""The e-mail channel's TLS and log-in: never in the clear unless told so, never twice."""

import ssl
from pathlib import Path

import pytest

from channels.base import SenderDown, SenderStopped
from channels.email import EmailChannel
from tests.channels.smtp_double import HOST, an_email, certificate, real, scripted

TLS_USER = "us%20er:p%40ss%2Fword"


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    folder: Path = tmp_path_factory.mktemp("certificate")
    return certificate(folder)


async def test_starttls_and_log_in(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_tls, client_tls = contexts
    async with real(tls=server_tls) as inbox:
        url = f"smtp://{TLS_USER}@{HOST}:{inbox.port}"
        channel = EmailChannel(url, tls_context=client_tls)

        await channel.send(an_email())

        await channel.close()
    assert inbox.sessions[0].ssl is not None
    assert inbox.sessions[0].authenticated


async def test_tls_from_the_start(contexts: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    server_tls, client_tls = contexts
    async with real(tls=server_tls, implicit=True) as inbox:
        channel = EmailChannel(f"smtps://{HOST}:{inbox.port}", tls_context=client_tls)

        await channel.send(an_email())

        await channel.close()
    assert len(inbox.envelopes) == 1


async def test_a_wrong_password_stops_the_sender(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server_tls, client_tls = contexts
    async with real(tls=server_tls) as inbox:
        url = f"smtp://user:geheimnis@{HOST}:{inbox.port}"
        channel = EmailChannel(url, tls_context=client_tls)

        with pytest.raises(SenderStopped) as caught:
            await channel.send(an_email())

        await channel.close()
    assert caught.value.reason == "credentials_refused"
    assert "geheimnis" not in repr(caught.value)
    assert inbox.envelopes == []


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_a_certificate_nobody_vouches_for_is_refused(
    scheme: str, contexts: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with real(tls=contexts[0], implicit=scheme == "smtps") as inbox:
        channel = EmailChannel(f"{scheme}://{TLS_USER}@{HOST}:{inbox.port}")

        with pytest.raises(SenderDown, match="tls_failed"):
            await channel.send(an_email())

        await channel.close()
    assert inbox.envelopes == []


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param({}, id="not offered"),
        pytest.param({"STARTTLS": "454 4.7.0 not now"}, id="refused"),
        pytest.param({"STARTTLS": "220 go on"}, id="promised, then plain"),
    ],
)
async def test_without_starttls_nothing_is_sent(answers: dict[str, str]) -> None:
    offers = ("STARTTLS", "AUTH PLAIN") if answers else ("AUTH PLAIN",)
    async with scripted(answers, offers=offers) as server:
        channel = EmailChannel(f"smtp://user:pass@{HOST}:{server.port}", timeout=2.0)

        with pytest.raises(SenderDown) as caught:
            await channel.send(an_email())

        await channel.close()
    assert caught.value.reason == ("tls_failed" if answers else "tls_required")
    assert not {"AUTH", "MAIL"} & set(server.verbs())


async def test_log_in_is_tried_once_and_another_way_only_if_the_server_did_not_mean_it() -> None:
    answers: dict[str, str | list[str]] = {
        "AUTH": ["504 5.5.4 no such mechanism", "535 5.7.8 wrong"]
    }
    async with scripted(answers, offers=("AUTH CRAM-MD5 LOGIN PLAIN",)) as server:
        channel = EmailChannel(server.url.replace("//", "//user:pass@"))

        with pytest.raises(SenderStopped, match="credentials_refused"):
            await channel.send(an_email())

        await channel.close()
    assert server.verbs() == ["EHLO", "AUTH", "AUTH"]


async def test_a_server_without_log_in_stops_the_sender() -> None:
    async with scripted() as server:
        channel = EmailChannel(server.url.replace("//", "//user:pass@"))

        with pytest.raises(SenderStopped, match="no_way_to_log_in"):
            await channel.send(an_email())

        await channel.close()


async def test_a_probe_logs_in_and_sends_nothing(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    server_tls, client_tls = contexts
    async with real(tls=server_tls) as inbox:
        good = EmailChannel(f"smtp://{TLS_USER}@{HOST}:{inbox.port}", tls_context=client_tls)
        bad = EmailChannel(f"smtp://user:geheimnis@{HOST}:{inbox.port}", tls_context=client_tls)

        await good.probe()
        with pytest.raises(SenderStopped, match="credentials_refused"):
            await bad.probe()

        await good.close()
        await bad.close()
    assert inbox.envelopes == []
