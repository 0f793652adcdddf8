"""Bounces and complaints posted to the hook, and notifications that a browser showed."""

from io import BytesIO
from typing import Any

import pytest
from aiohttp import ClientSession
from prometheus_client import REGISTRY

from channels.messages import Email
from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.store.database import Database
from tests.channels.bounce_mails import fields, report, stored
from tests.town import Town
from tests.web.hooked import Hooked, hand_over

HOOK = "/hooks/mail/bounce"
GONE = report(fields())


@pytest.fixture
async def mail(town: Town) -> Hooked:
    return await hand_over(town, Channel.EMAIL)


def _address(mail: Hooked) -> str:
    assert isinstance(mail.message, Email)
    assert mail.message.envelope_from is not None
    return mail.message.envelope_from


def _envelope_id(mail: Hooked) -> str:
    assert isinstance(mail.message, Email)
    assert mail.message.envelope_id is not None
    return mail.message.envelope_id


async def _post(site: ClientSession, body: bytes, *, to: str | None = None, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    params: dict[str, Any] = {"to": to} if to is not None else {}
    async with site.post(HOOK, data=BytesIO(body), params=params, headers=named) as answer:
        assert await answer.read() == b"" or answer.status >= 500
        return answer.status


@pytest.mark.parametrize(
    ("name", "status", "suppressed"),
    [
        pytest.param("postfix", "failed", ["bounced"], id="a delivery report"),
        pytest.param("exim", "failed", ["bounced"], id="exim's own form"),
        pytest.param("qmail", "failed", ["bounced"], id="qmail's own form"),
        pytest.param("complaint", "delivered", ["complained"], id="a complaint"),
        pytest.param("out_of_office", "sent", [], id="out of office"),
        pytest.param("reply", "sent", [], id="a reply"),
    ],
)
async def test_what_real_servers_write_is_understood(
    site: ClientSession, mail: Hooked, name: str, status: str, suppressed: list[str]
) -> None:
    assert await _post(site, stored(name), to=_address(mail)) == 204

    assert await mail.status() == status
    assert await mail.suppressed() == suppressed


@pytest.mark.parametrize(
    ("said", "status", "suppressed"),
    [
        pytest.param(fields(status="5.1.1"), "failed", ["bounced"], id="no mailbox"),
        pytest.param(fields(status="5.2.2"), "failed", [], id="mailbox full"),
        pytest.param(fields(status="5.7.1"), "failed", [], id="policy"),
        pytest.param(fields("delayed", "4.4.1"), "sent", [], id="delayed"),
        pytest.param(fields("delivered", "2.0.0"), "delivered", [], id="delivered"),
    ],
)
async def test_an_address_is_suppressed_only_where_the_report_says_it_is_gone(
    site: ClientSession, mail: Hooked, said: str, status: str, suppressed: list[str]
) -> None:
    assert await _post(site, report(said), to=_address(mail)) == 204

    assert await mail.status() == status
    assert await mail.suppressed() == suppressed


async def test_the_same_bounce_twice_is_recorded_once(site: ClientSession, mail: Hooked) -> None:
    for _ in range(2):
        assert await _post(site, GONE, to=_address(mail)) == 204

    assert await mail.receipts() == ["failed"]


async def test_a_bounce_after_a_delay_still_counts(site: ClientSession, mail: Hooked) -> None:
    assert await _post(site, report(fields("delayed", "4.4.1")), to=_address(mail)) == 204
    assert await _post(site, GONE, to=_address(mail)) == 204

    assert await mail.receipts() == ["delayed", "failed"]
    assert await mail.status() == "failed"


def _about(envelope_id: str) -> str:
    return f"Reporting-MTA: dns; mx.example.net\nOriginal-Envelope-Id: {envelope_id}"


async def test_the_address_may_come_in_a_header_of_the_request(
    site: ClientSession, mail: Hooked
) -> None:
    assert await _post(site, GONE, X_Original_To=f"<{_address(mail)}>") == 204

    assert await mail.status() == "failed"


@pytest.mark.parametrize("name", ["X-Original-To", "Delivered-To", "Envelope-To", "To"])
async def test_a_pipe_that_says_nothing_is_answered_by_the_mail_s_own_header(
    site: ClientSession, mail: Hooked, name: str
) -> None:
    head = f"{name}: Bounces <{_address(mail).upper()}>, other@example.org\n".encode()

    assert await _post(site, head + GONE) == 204

    assert await mail.status() == "failed"


async def test_else_by_the_envelope_id_that_the_report_repeats(
    site: ClientSession, mail: Hooked
) -> None:
    told = report(fields(), about=_about(_envelope_id(mail)))

    assert await _post(site, told) == 204

    assert await mail.status() == "failed"


async def test_what_does_not_bear_our_mark_is_refused(
    site: ClientSession, mail: Hooked, keyring: Keyring
) -> None:
    mark = keyring.mark("beacon", mail.attempt)
    forged = f"bounce+{mail.attempt}-aaaaaaaaaaaaaaaa@musterstadt.example"
    genuine = report(fields(), about=_about(_envelope_id(mail)))

    for to in (forged, f"bounce+{mark}@musterstadt.example", "postmaster@musterstadt.example"):
        assert await _post(site, genuine, to=to) == 403
    assert await _post(site, GONE) == 403
    assert await _post(site, report(fields(), about=_about(f"{mail.attempt}-x"))) == 403

    assert await mail.receipts() == []
    assert await mail.status() == "sent"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"no mail at all", id="no mail"),
        pytest.param(b"\0" * 100, id="NULs"),
        pytest.param(report("X-Nothing: here"), id="a report on nobody"),
        pytest.param(b"To: a\n\n" + b"x" * (1024 * 1024), id="too big"),
    ],
)
async def test_garbage_is_refused(site: ClientSession, mail: Hooked, body: bytes) -> None:
    assert await _post(site, body, to=_address(mail)) == 400


async def test_a_bounce_of_what_was_erased_since_does_no_harm(
    site: ClientSession, mail: Hooked
) -> None:
    address = _address(mail)
    await mail.town.change("DELETE FROM deliveries")
    await mail.town.change("DELETE FROM attempts")
    await mail.town.change("DELETE FROM residents")

    assert await _post(site, GONE, to=address) == 204

    assert await mail.receipts() == ["failed"]
    assert await mail.suppressed() == []


async def test_while_the_database_is_away_the_server_shall_try_again(
    site: ClientSession, mail: Hooked, db: Database
) -> None:
    await db.close()

    assert await _post(site, GONE, to=_address(mail)) in {500, 503}


async def test_a_browser_says_that_the_notification_was_shown(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    push = await hand_over(town, Channel.PUSH)
    mark = keyring.mark("beacon", push.attempt)

    for _ in range(2):
        async with site.post(f"/hooks/push/{mark}") as answer:
            assert answer.status == 204

    assert await push.status() == "delivered"
    assert await push.receipts() == ["delivered"]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        pytest.param(["", "/opened", "/opened"], ["delivered", "opened"], id="shown, then tapped"),
        pytest.param(["/opened"], ["opened"], id="the first word was lost"),
        pytest.param(["/opened", ""], ["opened", "delivered"], id="the wrong way round"),
    ],
)
async def test_a_browser_says_that_the_notification_was_tapped(
    site: ClientSession, town: Town, keyring: Keyring, told: list[str], kept: list[str]
) -> None:
    push = await hand_over(town, Channel.PUSH)
    mark = keyring.mark("beacon", push.attempt)
    before = _counted("opened")

    for word in told:
        async with site.post(f"/hooks/push/{mark}{word}") as answer:
            assert answer.status == 204

    assert await push.status() == "delivered"
    assert await push.receipts() == kept
    assert _counted("opened") - before == told.count("/opened")


def _counted(report: str) -> float:
    labels = {"provider": "push", "report": report}
    return REGISTRY.get_sample_value("notify_receipts_total", labels) or 0.0


@pytest.mark.parametrize("word", ["", "/opened"])
@pytest.mark.parametrize("mark", ["1-aaaaaaaaaaaaaaaa", "x", "1", "9" * 400, "1-%C3%BC", "%00"])
async def test_a_beacon_that_we_did_not_make_is_refused(
    site: ClientSession, town: Town, mark: str, word: str
) -> None:
    async with site.post(f"/hooks/push/{mark}{word}") as answer:
        assert answer.status == 403


async def test_a_beacon_is_no_link_to_follow(
    site: ClientSession, town: Town, keyring: Keyring
) -> None:
    push = await hand_over(town, Channel.PUSH)

    async with site.get(f"/hooks/push/{keyring.mark('beacon', push.attempt)}") as answer:
        assert answer.status == 405

    assert await push.status() == "sent"
