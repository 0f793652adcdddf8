"""What a route of the API is called upon: at Elbtal, or at the groups that are named."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from notify import clock
from notify.domain.broadcast import Text
from notify.domain.codes import Purpose
from notify.domain.poll import Ask, Question, Shape, Wording
from notify.domain.words import Kind
from notify.services import opening_polls, proving
from tests.town import Town


@dataclass
class Target:
    """A route with its body. `secret` is in the answer for keys that reach it, `personal` for those
    among them that may read names and addresses."""

    path: str
    body: Any = None
    secret: str | None = None
    personal: str | None = None


async def called(town: Town, path: str, *groups: str) -> Target:
    """`path` is the route's; what it names and what lies there is made anew."""
    rows = await town.rows(
        "SELECT id, slug FROM groups WHERE slug = ANY(%(slugs)s) ORDER BY slug DESC",
        slugs=list(groups or ("elbtal",)),
    )
    return await _MAKERS[path](town, {row["slug"]: row["id"] for row in rows})


async def _new_group(town: Town, groups: Mapping[str, int]) -> Target:
    """At the top where several are meant: there it is below none of them alone."""
    parent = "elbtal" if len(groups) == 1 else None
    return Target(
        "/groups", {"slug": f"g-{uuid4().hex}", "name": "Neu", "parent": parent}
    )  # fmt: skip


async def _about(town: Town, groups: Mapping[str, int]) -> Target:
    slug = min(groups)  # "abroad" where several are meant
    return Target(f"/groups/{slug}/about", {"about": {"de": {"sends": uuid4().hex}}})


async def _newcomer(town: Town, groups: Mapping[str, int]) -> Target:
    return Target(
        "/residents",
        {
            "addresses": [{"channel": "email", "value": f"{uuid4().hex}@example.org"}],
            "subscriptions": [{"group": slug, "alerts": ["email"]} for slug in groups],
            "consent": "form 17",
        },
    )


async def _unproven(town: Town, groups: Mapping[str, int]) -> tuple[UUID, str]:
    """Who has a code to read out."""
    mail = f"{uuid4().hex}@example.org"
    who = await town.resident(*groups.values(), email=mail, state="unverified")
    (address,) = await town.rows("SELECT id FROM addresses WHERE resident_id = %(r)s", r=who)
    async with town.db.transaction() as connection:
        code = await proving.send(connection, address["id"], purpose=Purpose.PROVE)
    assert code is not None
    return who, proving.digits(town.keyring, code)


async def _codes(town: Town, groups: Mapping[str, int]) -> Target:
    who, _ = await _unproven(town, groups)
    return Target(f"/residents/{who}/codes")


async def _confirm(town: Town, groups: Mapping[str, int]) -> Target:
    who, digits = await _unproven(town, groups)
    return Target(f"/residents/{who}/confirm", {"code": digits})


async def _erase(town: Town, groups: Mapping[str, int]) -> Target:
    return Target(f"/residents/{(await _unproven(town, groups))[0]}")


async def _asks(town: Town, groups: Mapping[str, int]) -> tuple[UUID, str]:
    """Who wants to join, with their name."""
    who, name = await town.resident(*groups.values(), email=f"{uuid4().hex}@x.org"), uuid4().hex
    await town.change("UPDATE residents SET name = %(name)s WHERE id = %(r)s", name=name, r=who)
    await town.change(
        "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(r)s", r=who
    )
    return who, name


async def _requests(town: Town, groups: Mapping[str, int]) -> Target:
    who, name = await _asks(town, groups)
    return Target("/requests", secret=str(who), personal=name)


async def _decide(town: Town, groups: Mapping[str, int]) -> Target:
    who, _ = await _asks(town, groups)
    return Target(f"/requests/{who}/elbtal", {"decision": "approve"})


async def _send(town: Town, groups: Mapping[str, int]) -> Target:
    texts = {"de": {"title": uuid4().hex, "body": "B"}}
    return Target(
        "/broadcasts", {"kind": "announcement", "groups": list(groups), "texts": texts}
    )  # fmt: skip


async def _sent(town: Town, groups: Mapping[str, int]) -> tuple[UUID, str]:
    """A broadcast on its way to one reader, and its title."""
    title = uuid4().hex
    texts = {"de": Text(title, "B")}
    made = await town.broadcast(
        *groups, kind=Kind.ANNOUNCEMENT, texts=texts, valid_until=None
    )  # fmt: skip
    return made, title


async def _look(town: Town, groups: Mapping[str, int]) -> Target:
    broadcast, title = await _sent(town, groups)
    return Target(f"/broadcasts/{broadcast}", secret=title)


async def _cancel(town: Town, groups: Mapping[str, int]) -> Target:
    return Target(f"/broadcasts/{(await _sent(town, groups))[0]}/cancel")


async def _delivered(town: Town, groups: Mapping[str, int]) -> tuple[UUID, int, UUID, str]:
    """A broadcast, one delivery of it, and whose it is, at which address."""
    broadcast, _ = await _sent(town, groups)
    mail, who = f"{uuid4().hex}@example.org", uuid4()
    row = (
        await town.rows(
            "WITH who AS (INSERT INTO residents (id, language) VALUES (%(who)s, 'de')),"
            " at AS (INSERT INTO addresses (resident_id, channel, value, hash, state, proven_at)"
            "   VALUES (%(who)s, 'email', %(mail)s, %(hash)s, 'proven', now()) RETURNING id, version)"
            " INSERT INTO deliveries (broadcast_id, resident_id, address_id, address_version, channel,"
            "   lane, language) SELECT %(broadcast)s, %(who)s, id, version, 'email', 'bulk', 'de'"
            " FROM at RETURNING id",
            who=who, mail=mail, hash=town.keyring.address_hash("email", mail), broadcast=broadcast,
        )
    )[0]  # fmt: skip
    return broadcast, row["id"], who, mail


async def _deliveries(town: Town, groups: Mapping[str, int]) -> Target:
    broadcast, _, who, mail = await _delivered(town, groups)
    return Target(f"/broadcasts/{broadcast}/deliveries", secret=str(who), personal=mail)


async def _delivery(town: Town, groups: Mapping[str, int]) -> Target:
    _, delivery, who, mail = await _delivered(town, groups)
    return Target(f"/deliveries/{delivery}", secret=str(who), personal=mail)


async def _skips(town: Town, groups: Mapping[str, int]) -> Target:
    broadcast, _ = await _sent(town, groups)
    who = uuid4()
    await town.change(
        "INSERT INTO skips (broadcast_id, resident_id, channel, reason)"
        " VALUES (%(broadcast)s, %(who)s, 'email', 'unverified')",
        broadcast=broadcast, who=who,
    )  # fmt: skip
    return Target(f"/broadcasts/{broadcast}/skips", secret=str(who))


async def _results(town: Town, groups: Mapping[str, int]) -> Target:
    """A poll that has begun; its question is in the result."""
    question = uuid4().hex
    ask = Ask((Question(Shape.SINGLE, {"de": Wording(question, ("Ja", "Nein"))}),))
    until = clock.now() + timedelta(hours=1)
    made = await town.broadcast(
        *groups, kind=Kind.POLL, ask=ask, texts={"de": Text("T", "B")}, valid_until=until
    )
    async with town.db.transaction() as connection:
        await opening_polls.open_(connection, made, close_at=until)
    return Target(f"/broadcasts/{made}/results", secret=question)


_MAKERS: Mapping[str, Callable[[Town, Mapping[str, int]], Awaitable[Target]]] = {
    "/api/v1/groups": _new_group,
    "/api/v1/groups/{slug}/about": _about,
    "/api/v1/residents": _newcomer,
    "/api/v1/residents/{resident_id}/codes": _codes,
    "/api/v1/residents/{resident_id}/confirm": _confirm,
    "/api/v1/residents/{resident_id}": _erase,
    "/api/v1/requests": _requests,
    "/api/v1/requests/{resident_id}/{group}": _decide,
    "/api/v1/broadcasts": _send,
    "/api/v1/broadcasts/{broadcast_id}": _look,
    "/api/v1/broadcasts/{broadcast_id}/cancel": _cancel,
    "/api/v1/broadcasts/{broadcast_id}/deliveries": _deliveries,
    "/api/v1/broadcasts/{broadcast_id}/skips": _skips,
    "/api/v1/broadcasts/{broadcast_id}/results": _results,
    "/api/v1/deliveries/{delivery_id}": _delivery,
}
