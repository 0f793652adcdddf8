"""Residents taken in: what is judged, what is written, and who was there first."""

import asyncio
import base64
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.push_hosts import PushHosts
from notify.domain.keyring import Keyring
from notify.domain.residents import NewResident
from notify.errors import Conflict, Forbidden, Invalid
from notify.rates import Rates
from notify.services import groups, residents
from notify.services.desk import Counter
from notify.settings import Settings
from notify.store import suppressions
from notify.store.database import Database, Row

HOSTS = PushHosts(["fcm.googleapis.com"])
ALL = ("email", "sms", "push")


def browser(name: str) -> dict[str, Any]:
    point = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    )
    keys = {
        "p256dh": base64.urlsafe_b64encode(point).decode(),
        "auth": base64.urlsafe_b64encode(b"a" * 16).decode(),
    }
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "keys": keys}


class Desk:
    """The service with its surroundings, so that a test says only what matters to it."""

    def __init__(self, db: Database, keyring: Keyring, settings: Settings) -> None:
        self.db, self.keyring, self.settings = db, keyring, settings

    async def group(self, slug: str, parent: str | None = None, *, closed: bool = False) -> int:
        names = {"de": slug}
        group = await groups.create(self.db, slug=slug, names=names, parent=parent, closed=closed)
        return group.id

    async def take_in(self, request: NewResident, *, within: int | None = None) -> UUID:
        return await residents.create(
            self.db,
            self.keyring,
            settings=self.settings,
            hosts=HOSTS,
            request=request,
            counter=Counter(Rates()),
            within=within,
        )

    async def rows(self, query: Any, **values: Any) -> list[Row]:
        async with self.db.transaction() as connection:
            return await connection.rows(query, **values)


@pytest.fixture
def desk(db: Database, keyring: Keyring, settings: Settings) -> Desk:
    return Desk(db, keyring, settings)


async def test_a_resident_with_a_consent_reference_is_proven(desk: Desk) -> None:
    await desk.group("town")
    request = NewResident(
        name=" Erika  Muster ",
        language="EN",
        addresses=[("email", "Erika@Example.org"), ("sms", "0151 23456789")],
        subscriptions=[("town", ["push", "email", "email"], ["email"])],
        consent="paper form 12",
    )

    resident = await desk.take_in(request)

    (person,) = await desk.rows("SELECT id, name, language FROM residents")
    addresses = await desk.rows(
        "SELECT channel, value, state, proven_at, hash FROM addresses ORDER BY channel"
    )
    (subscription,) = await desk.rows("SELECT alerts, news, state FROM subscriptions")
    (consent,) = await desk.rows("SELECT source, reference FROM consents")
    assert (person["id"], person["name"], person["language"]) == (resident, "Erika  Muster", "en")
    assert [(a["channel"], a["value"]) for a in addresses] == [
        ("email", "erika@example.org"),
        ("sms", "+4915123456789"),
    ]
    assert all(a["state"] == "proven" and a["proven_at"] for a in addresses)
    assert addresses[0]["hash"] == desk.keyring.address_hash("email", "erika@example.org")
    assert subscription == {"alerts": ["email", "push"], "news": ["email"], "state": "active"}
    assert consent == {"source": "api", "reference": "paper form 12"}


@pytest.mark.parametrize(
    ("consent", "wording", "version"), [(None, "Yes, please.", None), (" ", None, "2026-1")]
)
async def test_words_of_a_consent_that_is_kept_nowhere_are_refused(
    desk: Desk, consent: str | None, wording: str | None, version: str | None
) -> None:
    with pytest.raises(Invalid) as refusal:
        await desk.take_in(
            NewResident(
                addresses=[("email", "e@example.org")],
                consent=consent,
                wording=wording,
                version=version,
            )
        )

    assert refusal.value.field == "consent"
    assert await desk.rows("SELECT 1 FROM residents") == []


@pytest.mark.parametrize("consent", [None, "", "  "])
async def test_a_resident_without_consent_is_unverified_in_the_default_language(
    desk: Desk, consent: str | None
) -> None:
    await desk.take_in(NewResident(addresses=[("email", "erika@example.org")], consent=consent))

    (address,) = await desk.rows("SELECT state, proven_at FROM addresses")
    (person,) = await desk.rows("SELECT name, language FROM residents")
    assert address == {"state": "unverified", "proven_at": None}
    assert person == {"name": None, "language": "de"}
    assert await desk.rows("SELECT 1 FROM consents") == []


async def test_a_resident_may_have_any_number_of_browsers(desk: Desk) -> None:
    phone, laptop = browser("phone"), browser("laptop")

    await desk.take_in(NewResident(addresses=[("push", phone), ("push", laptop), ("push", phone)]))

    found = await desk.rows("SELECT value, keys FROM addresses ORDER BY id")
    assert {row["value"] for row in found} == {phone["endpoint"], laptop["endpoint"]}
    assert len(found) == 2
    assert set(found[0]["keys"]) == {"p256dh", "auth"}


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        pytest.param(None, "requested", id="asks to join"),
        pytest.param("list of the choir", "active", id="was put there by staff"),
    ],
)
async def test_joining_a_closed_group_waits_for_approval_unless_staff_vouch(
    desk: Desk, consent: str | None, state: str
) -> None:
    await desk.group("choir", closed=True)

    await desk.take_in(
        NewResident(
            addresses=[("email", "erika@example.org")],
            subscriptions=[("choir", ALL, ALL)],
            consent=consent,
        )
    )

    assert await desk.rows("SELECT state FROM subscriptions") == [{"state": state}]


async def test_a_known_address_names_the_resident_who_has_it_and_writes_nothing(desk: Desk) -> None:
    first = await desk.take_in(NewResident(addresses=[("email", "erika@example.org")]))
    second = NewResident(addresses=[("sms", "0151 23456789"), ("email", "ERIKA@example.org")])

    with pytest.raises(Conflict) as refusal:
        await desk.take_in(second)

    assert refusal.value.ids == {"resident": str(first)}
    assert "erika" not in refusal.value.message.lower()
    assert len(await desk.rows("SELECT 1 FROM residents")) == 1
    assert len(await desk.rows("SELECT 1 FROM addresses")) == 1


async def test_of_two_who_bring_the_same_addresses_at_once_one_gets_them(desk: Desk) -> None:
    mail, phone = ("email", "erika@example.org"), ("sms", "0151 23456789")
    requests = [NewResident(addresses=[mail, phone]), NewResident(addresses=[phone, mail])] * 3

    results = await asyncio.gather(
        *(desk.take_in(request) for request in requests), return_exceptions=True
    )

    taken = [result for result in results if isinstance(result, UUID)]
    refused = [result for result in results if isinstance(result, Conflict)]
    assert (len(taken), len(refused)) == (1, 5)
    assert all(refusal.ids == {"resident": str(taken[0])} for refusal in refused)


async def test_an_address_that_is_gone_may_be_taken_by_somebody_else(desk: Desk) -> None:
    request = NewResident(addresses=[("sms", "0151 23456789")])
    first = await desk.take_in(request)
    await desk.rows("UPDATE addresses SET state = 'gone' RETURNING id")

    assert await desk.take_in(request) != first


async def test_a_suppressed_address_may_be_given_and_stays_suppressed(desk: Desk) -> None:
    hashed = desk.keyring.address_hash("email", "erika@example.org")
    async with desk.db.transaction() as connection:
        assert await suppressions.add(
            connection, channel="email", address_hash=hashed, reason="bounced", code="5.1.1"
        )
        assert not await suppressions.add(
            connection, channel="email", address_hash=hashed, reason="complained"
        )

    await desk.take_in(NewResident(addresses=[("email", "erika@example.org")], consent="form"))

    async with desk.db.transaction() as connection:
        assert (
            await suppressions.reason(connection, channel="email", address_hash=hashed) == "bounced"
        )
        other = desk.keyring.address_hash("email", "bert@example.org")
        assert await suppressions.reason(connection, channel="email", address_hash=other) is None


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        pytest.param(NewResident(addresses=[]), "addresses", id="no address"),
        pytest.param(
            NewResident(addresses=[("fax", "1")]), "addresses.0.channel", id="unknown channel"
        ),
        pytest.param(
            NewResident(addresses=[("email", "erika")]), "addresses.0.value", id="bad mailbox"
        ),
        pytest.param(
            NewResident(addresses=[("email", {"endpoint": "x"})]), "addresses.0.value", id="shape"
        ),
        pytest.param(
            NewResident(addresses=[("push", "https://x.example")]), "addresses.0.value", id="push"
        ),
        pytest.param(
            NewResident(addresses=[("email", "a@example.org"), ("email", "b@example.org")]),
            "addresses.1",
            id="two mailboxes",
        ),
        pytest.param(
            NewResident(addresses=[("sms", "110")]), "addresses.0.value", id="emergency number"
        ),
        pytest.param(
            NewResident(
                addresses=[("email", "a@example.org")],
                subscriptions=[("town", ALL, ALL), ("nowhere", ALL, ALL)],
            ),
            "subscriptions.1.group",
            id="unknown group",
        ),
        pytest.param(
            NewResident(
                addresses=[("email", "a@example.org")], subscriptions=[("to\0wn", ALL, ALL)]
            ),
            "subscriptions.0.group",
            id="group with NUL",
        ),
        pytest.param(
            NewResident(
                addresses=[("email", "a@example.org")],
                subscriptions=[("town", ALL, ALL), ("town", ALL, ALL)],
            ),
            "subscriptions.1.group",
            id="group twice",
        ),
        pytest.param(
            NewResident(
                addresses=[("email", "a@example.org")], subscriptions=[("town", ALL, ["fax"])]
            ),
            "subscriptions.0.news",
            id="unknown channel for news",
        ),
        pytest.param(
            NewResident(addresses=[("email", "a@example.org")], language="deutsch!"),
            "language",
            id="language",
        ),
        pytest.param(
            NewResident(addresses=[("email", "a@example.org")], name="a\0b"), "name", id="NUL"
        ),
        pytest.param(
            NewResident(addresses=[("email", "a@example.org")], consent="\ud800"),
            "consent",
            id="lone surrogate",
        ),
    ],
)
async def test_a_bad_request_names_the_field_and_writes_nothing(
    desk: Desk, request_: NewResident, field: str
) -> None:
    await desk.group("town")

    with pytest.raises(Invalid) as refusal:
        await desk.take_in(request_)

    assert refusal.value.field == field
    assert await desk.rows("SELECT 1 FROM residents") == []


async def test_a_grant_puts_residents_only_into_its_groups(desk: Desk) -> None:
    town = await desk.group("town")
    await desk.group("kita", "town")
    await desk.group("elsewhere")
    mail = [("email", "erika@example.org")]

    with pytest.raises(Forbidden):
        await desk.take_in(
            NewResident(addresses=mail, subscriptions=[("elsewhere", ALL, ALL)]), within=town
        )

    await desk.take_in(NewResident(addresses=mail, subscriptions=[("kita", ALL, ALL)]), within=town)
