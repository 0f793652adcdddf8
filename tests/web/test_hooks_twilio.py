"""Twilio reports: signed, once, forwards only."""

import asyncio
from urllib.parse import urlencode, urlsplit

import pytest
from aiohttp import ClientSession
from multidict import MultiDict
from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from notify.domain.keyring import Keyring
from notify.domain.words import Channel
from notify.settings import Settings
from notify.store.database import Database
from tests.town import Town
from tests.web.hooked import SID, Hooked, hand_over

PUBLIC = "https://warnung.musterstadt.example"
TOKEN = "auth-token-of-the-tests"


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SecretStr("a-key-for-tests-only"),),
        mail_from="warnung@musterstadt.example",
        public_url=PUBLIC,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_senders=("+4915100000000",),
    )


@pytest.fixture
async def sms(town: Town) -> Hooked:
    return await hand_over(town, Channel.SMS)


def _callback(sms: Hooked) -> str:
    url = getattr(sms.message, "status_callback", "")
    assert url.startswith(f"{PUBLIC}/hooks/twilio/status?attempt=")
    return str(url)


def _form(status: str, code: str | None = None, sid: str = SID) -> list[tuple[str, str]]:
    pairs = [("MessageSid", sid), ("MessageStatus", status), ("To", "+4915123456789"),
             ("From", "+4915100000000"), ("AccountSid", "AC"), ("Note", "")]  # fmt: skip
    return [*pairs, ("ErrorCode", code)] if code else pairs


async def _post(
    site: ClientSession, url: str, form: list[tuple[str, str]], *, token: str = TOKEN
) -> int:
    """As Twilio does: signs the address it was given, and posts to where that leads."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    headers = {
        "X-Twilio-Signature": RequestValidator(token).compute_signature(url, MultiDict(form)),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    async with site.post(path, data=urlencode(form), headers=headers) as answer:
        return answer.status


async def test_a_message_s_way_is_followed_to_its_end(site: ClientSession, sms: Hooked) -> None:
    for status in ("queued", "sent", "delivered"):
        assert await _post(site, _callback(sms), _form(status)) == 204

    assert await sms.status() == "delivered"
    assert await sms.receipts() == ["sent", "sent", "delivered"]


@pytest.mark.parametrize(
    ("order", "end"),
    [
        pytest.param(["delivered", "sent", "queued"], "delivered", id="backwards"),
        pytest.param(["sent", "sent", "delivered", "delivered"], "delivered", id="twice"),
        pytest.param(["undelivered", "delivered"], "delivered", id="corrected"),
        pytest.param(["delivered", "undelivered"], "delivered", id="delivered is the end"),
        pytest.param(["undelivered", "sent"], "failed", id="failed, then late news"),
    ],
)
async def test_reports_in_any_order_end_the_same(
    site: ClientSession, sms: Hooked, order: list[str], end: str
) -> None:
    for status in order:
        assert await _post(site, _callback(sms), _form(status)) == 204

    assert await sms.status() == end
    assert len(await sms.receipts()) == len(set(order))


async def test_the_same_report_at_the_same_moment_is_recorded_once(
    site: ClientSession, sms: Hooked
) -> None:
    url = _callback(sms)

    codes = await asyncio.gather(*(_post(site, url, _form("delivered")) for _ in range(20)))

    assert set(codes) == {204}
    assert await sms.receipts() == ["delivered"]


async def test_a_report_that_overtakes_our_own_settlement_counts(
    site: ClientSession, sms: Hooked
) -> None:
    await sms.town.change("UPDATE deliveries SET status = 'sending', handed_over_at = NULL")
    await sms.town.change(
        "UPDATE attempts SET settled_at = NULL, outcome = NULL, provider_id = NULL"
    )

    assert await _post(site, _callback(sms), _form("delivered")) == 204

    assert await sms.status() == "delivered"


@pytest.mark.parametrize(
    ("code", "suppressed"),
    [
        pytest.param("30003", [], id="switched off"),
        pytest.param("30005", ["gone"], id="unknown number"),
        pytest.param("21610", ["opted_out"], id="said stop"),
    ],
)
async def test_an_address_is_suppressed_where_the_code_says_so(
    site: ClientSession, sms: Hooked, code: str, suppressed: list[str]
) -> None:
    assert await _post(site, _callback(sms), _form("undelivered", code)) == 204

    assert await sms.status() == "failed"
    assert await sms.suppressed() == suppressed


async def test_a_callback_without_an_attempt_is_matched_by_the_message_s_id(
    site: ClientSession, sms: Hooked
) -> None:
    url = f"{PUBLIC}/hooks/twilio/status"

    assert await _post(site, url, _form("undelivered", "30005")) == 204
    assert await _post(site, url, _form("delivered", sid="SM" + "d" * 32)) == 204

    assert await sms.status() == "failed"
    assert await sms.suppressed() == ["gone"]
    assert await sms.receipts() == ["failed", "delivered"]


async def test_a_report_on_what_was_erased_since_does_no_harm(
    site: ClientSession, sms: Hooked
) -> None:
    await sms.town.change("DELETE FROM attempts")
    await sms.town.change("DELETE FROM deliveries")

    assert await _post(site, _callback(sms), _form("undelivered", "30005")) == 204

    assert await sms.receipts() == ["failed"]
    assert await sms.suppressed() == []


async def test_what_twilio_did_not_sign_is_refused(site: ClientSession, sms: Hooked) -> None:
    url = _callback(sms)
    form = urlencode(_form("delivered"))
    path = url.removeprefix(PUBLIC)

    assert await _post(site, url, _form("delivered"), token="guess") == 403
    async with site.post(path, data=form) as unsigned:
        assert unsigned.status == 403
        assert await unsigned.read() == b""

    assert await sms.receipts() == []


async def test_a_mark_that_we_did_not_make_is_refused(
    site: ClientSession, sms: Hooked, keyring: Keyring
) -> None:
    for mark in (f"{sms.attempt}-aaaaaaaaaaaaaaaa", keyring.mark("bounce", sms.attempt), "x"):
        url = f"{PUBLIC}/hooks/twilio/status?attempt={mark}"
        assert await _post(site, url, _form("delivered")) == 403

    assert await sms.status() == "sent"


@pytest.mark.parametrize(
    "form",
    [
        pytest.param([("MessageSid", SID)], id="no status"),
        pytest.param([("MessageStatus", "sent")], id="no id"),
        pytest.param([("MessageSid", SID), ("MessageStatus", "eaten")], id="unknown status"),
        pytest.param([("MessageSid", "SM\0"), ("MessageStatus", "sent")], id="NUL"),
        pytest.param(
            [("MessageSid", SID), ("MessageStatus", "failed"), ("ErrorCode", "x")], id="odd code"
        ),
        pytest.param([], id="empty"),
    ],
)
async def test_what_is_signed_but_broken_is_refused(
    site: ClientSession, sms: Hooked, form: list[tuple[str, str]]
) -> None:
    assert await _post(site, _callback(sms), form) == 400


async def test_a_form_that_never_ends_is_not_read(site: ClientSession, sms: Hooked) -> None:
    assert await _post(site, _callback(sms), [("Body", "x" * 70_000)]) == 400


async def test_while_the_database_is_away_twilio_shall_try_again(
    site: ClientSession, sms: Hooked, db: Database
) -> None:
    url = _callback(sms)
    await db.close()

    assert await _post(site, url, _form("delivered")) in {500, 503}
