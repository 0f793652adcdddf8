"""A resident texts us: signed, once, answered with nothing to say."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession
from multidict import MultiDict
from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from notify.settings import Settings
from notify.store.database import Database
from tests.town import Town

PUBLIC = "https://warnung.musterstadt.example"
TOKEN = "auth-token-of-the-tests"
URL = f"{PUBLIC}/hooks/twilio/inbound"
PHONE = "+4915123456789"
NOTHING = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@pytest.fixture
def settings(database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        secret_keys=(SecretStr("a-key-for-tests-only"),),
        public_url=PUBLIC,
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token=SecretStr(TOKEN),
        twilio_senders=("+4915100000000",),
    )


def _form(body: str = "Stopp", sid: str = "SM1", **changes: str) -> dict[str, str]:
    return {
        "MessageSid": sid, "SmsSid": sid, "AccountSid": "AC" + "0" * 32, "From": PHONE,
        "To": "+4915100000000", "Body": body, "NumMedia": "0", "NumSegments": "1",
        "SmsStatus": "received", "ApiVersion": "2010-04-01",
    } | changes  # fmt: skip


async def _post(
    site: ClientSession, form: dict[str, str], *, token: str = TOKEN, url: str = URL
) -> tuple[int, str, str]:
    signature = RequestValidator(token).compute_signature(url, MultiDict(form))
    headers = {
        "X-Twilio-Signature": signature,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    path = url.removeprefix(PUBLIC)
    async with site.post(path, data=urlencode(form), headers=headers) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_a_stop_is_heeded_and_nothing_is_texted_back(site: ClientSession, town: Town) -> None:
    assert await _post(site, _form()) == (200, "text/xml", NOTHING)

    (row,) = await town.rows("SELECT reason, hash FROM suppressions")
    assert row["reason"] == "opted_out"
    assert row["hash"] == town.keyring.address_hash("sms", PHONE)


async def test_a_text_that_is_posted_again_is_one(site: ClientSession, town: Town) -> None:
    answers = await asyncio.gather(*(_post(site, _form("Hallo")) for _ in range(10)))

    assert set(answers) == {(200, "text/xml", NOTHING)}
    assert await town.rows("SELECT body, how FROM inbound") == [{"body": "Hallo", "how": "hook"}]
    async with site.get("/metrics") as figures:
        assert 'notify_inbound_total{how="hook"} 1.0' in await figures.text()


async def test_what_twilio_did_not_sign_is_refused(site: ClientSession, town: Town) -> None:
    assert (await _post(site, _form(), token="guess"))[0] == 403
    assert (await _post(site, _form(), url=f"{URL}?x=1"))[0] == 200
    async with site.post("/hooks/twilio/inbound", data=_form(sid="SM2")) as unsigned:
        assert unsigned.status == 403

    assert len(await town.rows("SELECT 1 FROM inbound")) == 1


@pytest.mark.parametrize(
    "changes",
    [{"From": ""}, {"To": ""}, {"MessageSid": "a b"}, {"From": "+49\0151"}, {"To": "a\x07b"}],
)
async def test_a_broken_text_is_refused(
    site: ClientSession, town: Town, changes: dict[str, str]
) -> None:
    assert (await _post(site, _form(**changes)))[0] == 400

    assert await town.rows("SELECT 1 FROM inbound") == []


async def test_a_text_that_cannot_be_kept_is_not_answered_with_yes(
    site: ClientSession, db: Database
) -> None:
    await db.close()

    assert (await _post(site, _form()))[0] >= 500


async def test_neither_sender_nor_text_reaches_a_log(
    site: ClientSession, town: Town, events: list[Any]
) -> None:
    await _post(site, _form("Meine Tochter ist allein"))
    await _post(site, _form("STOP", "SM2"))
    await _post(site, _form("Meine Tochter", "SM3", To=""))

    assert "inbound.heeded" in [line["event"] for line in events]
    assert "Tochter" not in str(events)
    assert PHONE.lstrip("+") not in str(events)


async def test_a_text_is_answered_by_a_note_and_the_hook_says_nothing(
    site: ClientSession, town: Town
) -> None:
    await town.group("kita")

    for _ in range(2):
        assert await _post(site, _form("JOIN kita")) == (200, "text/xml", NOTHING)

    (note,) = await town.rows(
        "SELECT n.kind, n.data, d.lane, d.channel, d.language, a.value, a.state"
        " FROM notes n JOIN deliveries d ON d.note_id = n.id JOIN addresses a ON a.id = d.address_id"
    )
    assert note["data"].pop("sender") == "Citizen Notify"
    assert note == {
        "kind": "reply", "lane": "note", "channel": "sms", "language": "en", "value": PHONE,
        "state": "proven", "data": {
            "say": "joined", "from": "+4915100000000", "group": "kita", "slug": "kita",
        },
    }  # fmt: skip


async def test_what_twilio_did_by_itself_is_heeded_and_not_answered_again(
    site: ClientSession, town: Town
) -> None:
    await _post(site, _form("Ende", OptOutType="STOP"))

    assert [row["reason"] for row in await town.rows("SELECT reason FROM suppressions")] == [
        "opted_out"
    ]
    assert await town.rows("SELECT 1 FROM notes") == []
    await _post(site, _form("YES", "SM2", OptOutType="START"))
    assert await town.rows("SELECT 1 FROM suppressions") == []
    (note,) = await town.rows("SELECT data FROM notes")
    assert note["data"]["say"] == "started"


@pytest.mark.parametrize(
    "body", ["JOIN ki\0ta", "JO\0IN kita", "JOIN\u00a0kita", "J\u200bOIN kita"]
)
async def test_signs_that_are_not_seen_change_nothing(
    site: ClientSession, town: Town, body: str
) -> None:
    await town.group("kita")

    assert (await _post(site, _form(body)))[0] == 200

    assert len(await town.rows("SELECT 1 FROM subscriptions")) == 1


async def test_a_reply_to_a_stranger_names_nobody_in_a_log(
    site: ClientSession, town: Town, events: list[Any]
) -> None:
    await town.group("kita")
    for number, body in enumerate(["JOIN kita", "Meine Tochter", "HILFE", *["LIST"] * 6]):
        await _post(site, _form(body, f"SM{number}"))

    assert "reply.enough" in [line["event"] for line in events]
    assert "Tochter" not in str(events)
    assert PHONE.lstrip("+") not in str(events)
