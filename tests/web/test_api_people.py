"""Groups and residents over HTTP."""

import os
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from notify.domain.scopes import Scope
from tests.town import Town
from tests.web.caller import Caller, fields, is_problem

ERIKA = {
    "name": "Erika Mustermann",
    "language": "de",
    "addresses": [
        {"channel": "email", "value": "Erika@Example.org"},
        {"channel": "sms", "value": "0151 23456789"},
    ],
    "subscriptions": [{"group": "town", "alerts": ["email", "sms"], "news": ["email"]}],
    "consent": "paper form 12",
}


def _browser() -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    key = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{uuid4().hex}",
        "keys": {"p256dh": _base64url(key), "auth": _base64url(os.urandom(16))},
    }


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


async def test_a_group_is_made_below_another(api: Caller) -> None:
    top = await api.post("/groups", {"slug": "town", "name": "Musterstadt"})
    below = await api.post(
        "/groups",
        {
            "slug": "kita-sued",
            "name": {"de": "Kita Süd", "en": "Kita South"},
            "parent": "town",
            "closed": True,
            "carries_parent_news": True,
        },
    )

    assert (top.status, below.status) == (201, 201)
    assert (top.body["slug"], top.body["name"]) == ("town", {"de": "Musterstadt"})
    assert (below.body["name"]["en"], below.body["parent"]) == ("Kita South", "town")


@pytest.mark.parametrize(
    ("wanted", "status", "field"),
    [
        pytest.param({"slug": "Kita Süd", "name": "x"}, 422, "slug", id="no slug"),
        pytest.param({"slug": "kita", "name": " "}, 422, "name", id="no name"),
        pytest.param({"slug": "kita", "name": {"de": "a\nb"}}, 422, "name.de", id="two lines"),
        pytest.param({"slug": "kita"}, 422, "name", id="name missing"),
        pytest.param({"slug": "kita", "name": "x", "parent": "nix"}, 422, "parent", id="parent"),
        pytest.param({"slug": "kita", "name": "x", "colour": "red"}, 422, "colour", id="extra"),
        pytest.param({"slug": "town", "name": "x"}, 409, None, id="taken"),
    ],
)
async def test_a_group_that_cannot_be_is_refused(
    api: Caller, town: Town, wanted: dict[str, Any], status: int, field: str | None
) -> None:
    await town.group()

    answer = await api.post("/groups", wanted)

    assert is_problem(answer, status)
    if field:
        assert fields(answer) == [field]


async def test_a_resident_with_three_channels_is_taken_in(api: Caller, town: Town) -> None:
    await town.group()
    wanted = ERIKA | {
        "addresses": [*ERIKA["addresses"], {"channel": "push", "value": _browser()}],
        "subscriptions": [{"group": "town", "alerts": ["email", "sms", "push"], "news": ["email"]}],
    }

    made = await api.post("/residents", wanted)

    assert made.status == 201, made.body
    rows = await town.rows("SELECT channel, value, state FROM addresses ORDER BY channel")
    assert [(r["channel"], r["state"]) for r in rows] == [
        ("email", "proven"), ("push", "proven"), ("sms", "proven"),
    ]  # fmt: skip
    assert (rows[0]["value"], rows[2]["value"]) == ("erika@example.org", "+4915123456789")
    (follows,) = await town.rows("SELECT resident_id::text, alerts, news FROM subscriptions")
    assert follows["resident_id"] == made.body["id"]
    assert (set(follows["alerts"]), follows["news"]) == ({"email", "sms", "push"}, ["email"])


async def test_without_consent_the_addresses_are_unverified(api: Caller, town: Town) -> None:
    await town.group()

    made = await api.post("/residents", ERIKA | {"consent": None})

    assert made.status == 201
    rows = await town.rows("SELECT DISTINCT state FROM addresses")
    assert [row["state"] for row in rows] == ["unverified"]


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([{"channel": "email", "value": "erika@example.ORG"}], id="same mail"),
        pytest.param([{"channel": "sms", "value": "+49 (0)151 2345 6789"}], id="same phone"),
    ],
)
async def test_a_known_address_is_refused_with_the_id_of_its_resident(
    api: Caller, town: Town, addresses: list[dict[str, str]]
) -> None:
    await town.group()
    known = await api.post("/residents", ERIKA)

    answer = await api.post("/residents", ERIKA | {"addresses": addresses})

    assert is_problem(answer, 409)
    assert answer.body["resident_id"] == known.body["id"]
    assert len(await town.rows("SELECT 1 FROM residents")) == 1


_MAIL = {"channel": "email", "value": "a@example.org"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"addresses": []}, "addresses", id="no address"),
        pytest.param(
            {"addresses": [{"channel": "email", "value": "erika"}]}, "addresses.0.value", id="mail"
        ),
        pytest.param(
            {"addresses": [{"channel": "sms", "value": "110"}]}, "addresses.0.value", id="phone"
        ),
        pytest.param({"addresses": [_MAIL, _MAIL]}, "addresses.1", id="two of a kind"),
        pytest.param(
            {"addresses": [{"channel": "fax", "value": "1"}]}, "addresses.0.channel", id="channel"
        ),
        pytest.param(
            {"addresses": [{"channel": "push", "value": "https://x"}]}, "addresses.0", id="push"
        ),
        pytest.param({"language": "Deutsch!"}, "language", id="language"),
        pytest.param({"subscriptions": [{"group": "nix"}]}, "subscriptions.0.group", id="group"),
        pytest.param({"adresses": []}, "adresses", id="misspelt field"),
    ],
)
async def test_a_resident_who_cannot_be_is_refused_and_nobody_is_made(
    api: Caller, town: Town, changes: dict[str, Any], field: str
) -> None:
    await town.group()

    answer = await api.post("/residents", ERIKA | changes)

    assert is_problem(answer, 422)
    assert field in fields(answer)
    assert await town.rows("SELECT 1 FROM residents") == []


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("evil.example", id="not allowed"),
        pytest.param("127.0.0.1", id="this machine"),
        pytest.param("169.254.169.254", id="the cloud's inside"),
    ],
)
async def test_a_push_subscription_elsewhere_is_refused(api: Caller, town: Town, host: str) -> None:
    await town.group()
    browser = _browser() | {"endpoint": f"https://{host}/send/1"}

    answer = await api.post(
        "/residents", ERIKA | {"addresses": [{"channel": "push", "value": browser}]}
    )

    assert is_problem(answer, 422)
    assert host not in answer.body["detail"]


async def test_a_grant_reaches_its_group_and_those_below(api: Caller, town: Town) -> None:
    district = await town.group("district")
    village = await town.group("village", parent=district)
    await town.group("street", parent=village)
    mine = await api.with_key(Scope.GROUPS_WRITE, Scope.RESIDENTS_WRITE, group="village")

    made = await mine.post("/groups", {"slug": "kita", "name": "Kita", "parent": "street"})
    top = await mine.post("/groups", {"slug": "own", "name": "Own"})
    beside = await mine.post("/groups", {"slug": "other", "name": "Other", "parent": "district"})
    resident = await mine.post("/residents", ERIKA | {"subscriptions": [{"group": "district"}]})

    assert made.status == 201
    assert is_problem(top, 403)
    assert is_problem(beside, 403)
    assert is_problem(resident, 403)


async def test_a_resident_is_erased_for_good(api: Caller, town: Town) -> None:
    await api.post("/groups", {"slug": "town", "name": {"de": "Stadt"}})
    made = await api.post("/residents", ERIKA)
    path = f"/residents/{made.body['id']}"

    gone = await api.call("DELETE", path)
    again = await api.call("DELETE", path)

    assert gone.status == 204
    assert is_problem(again, 404)
    assert await town.rows("SELECT FROM residents") == []
