"""What a route of the staff's is tried upon: made at Elbtal, where its path names it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from aiohttp import FormData

from notify import clock
from notify.domain.codes import Purpose
from notify.domain.draft_questions import Asking
from notify.domain.grants import Role
from notify.domain.scopes import Scope
from notify.domain.words import Kind
from notify.services import (
    drafting,
    group_editing,
    keys,
    moving,
    proving,
    staff_sessions,
    staffing,
    submitting_drafts,
)
from notify.store import desk, uploads
from notify.store import group_editing as group_editing_store
from tests.polled import NAMED, poll
from tests.services.test_breaking_glass import broken, ended
from tests.services.test_inbound import said, take
from tests.services.test_overseeing import officer as find_officer
from tests.services.test_overseeing import seen, waiting
from tests.services.test_preparing import approved
from tests.services.test_submitting_drafts import YES_NO, alert
from tests.town import Town
from tests.web.officer import EVERYWHERE, enrol
from tests.web.test_staff_answers import SAFE


@dataclass
class Target:
    """A route with what it is asked for. `secret` is shown to nobody whom the route does not let in."""

    town: Town
    officer: UUID
    path: str
    data: dict[str, str] = field(default_factory=dict[str, str])
    secret: str | None = None
    form: Any = None


async def made(town: Town, officer: UUID, path: str) -> Target:
    """`officer` is who will ask."""
    target = Target(town, officer, path, {"group": "elbtal", "sure": "1", "reason": "Nicht so"})
    for name in re.findall(r"\{\w+\}", path):
        target.path = target.path.replace(name, await _MAKERS[name](target))
    if path in _BESIDE:
        await _BESIDE[path](target)
    target.form = target.form or target.data
    return target


async def _somebody(target: Target) -> str:
    """Of the staff."""
    email = target.secret = f"{uuid4().hex}@example.org"
    added = await staffing.add(
        target.town.db, settings=target.town.settings, within=EVERYWHERE, name="O", email=email,
        role=Role.VIEWER, group="elbtal",
    )  # fmt: skip
    row = await staffing.one(target.town.db, added.staff_id, within=EVERYWHERE)
    target.data["grant"] = str(row["grants"][0]["id"])
    return str(added.staff_id)


async def _broadcast(target: Target) -> str:
    if target.path.endswith("/review"):
        target.data["text"] = "War richtig."
        return str(await broken(target.town, "elbtal"))
    if target.path.endswith("/alone"):
        alert = await ended(target.town, await broken(target.town, "elbtal"), by=target.officer)
        target.data["alone"] = "1"
    elif "/desk" in target.path:
        alert = await _on_paper(target)
    elif "/answer" in target.path or target.path.endswith("/close"):
        alert = await _asked(target)
    elif "/votes" in target.path or "/result." in target.path:
        alert = await _named(target)
    else:
        alert = await waiting(target.town, "elbtal")
    if target.path.endswith(("/recall", "/close")):
        await target.town.change(
            "UPDATE broadcasts SET editors = ARRAY[%(who)s::uuid] WHERE id = %(id)s",
            who=target.officer, id=alert,
        )  # fmt: skip
    if target.path.endswith("/release"):
        await target.town.change(
            "UPDATE broadcasts SET held_at = now(), held_why = 'waiting' WHERE id = %(id)s",
            id=alert,
        )
    target.data["seen"] = await seen(target.town, alert)
    return str(alert)


async def _asked(target: Target) -> UUID:
    """An alert to which somebody has answered that they need help."""
    polled = await poll(target.town, {"elbtal": 1}, ask=SAFE, kind=Kind.ALERT)
    (voter,) = polled.everybody
    await polled.vote(voter, 1, 2, after=-60)
    target.data["voter"] = str(voter)
    return polled.id


async def _named(target: Target) -> UUID:
    """A poll that is not secret, in which somebody has answered."""
    polled = await poll(target.town, {"elbtal": 1}, ask=NAMED)
    (voter,) = polled.everybody
    await polled.vote(voter, 1, 2)
    target.secret = f"Name {uuid4().hex}"
    await target.town.change(
        "UPDATE residents SET name = %(name)s WHERE id ="
        " (SELECT resident_id FROM voters WHERE id = %(voter)s)",
        name=target.secret, voter=voter,
    )  # fmt: skip
    return polled.id


async def _on_paper(target: Target) -> UUID:
    """A poll in which somebody is asked who comes to the desk."""
    polled = await poll(target.town, {"elbtal": 1})
    (voter,) = polled.everybody
    (row,) = await target.town.rows(
        "INSERT INTO subscriptions (resident_id, group_id, alerts, news)"
        " SELECT resident_id, group_id, '{}', '{}' FROM voters WHERE id = %(id)s"
        " RETURNING resident_id",
        id=voter,
    )
    target.data |= {"voter": str(voter), "named": str(row["resident_id"]), "q1": "1"}
    return polled.id


async def _voter(target: Target) -> str:
    return target.data["voter"]


async def _template(target: Target) -> str:
    template = await approved(target.town, "elbtal")
    (kept,) = await target.town.rows(
        "SELECT hash FROM template_versions WHERE template_id = %(id)s", id=template
    )
    await _new_template(target)
    target.data |= {
        "read": bytes(kept["hash"]).hex(), "version": "1", "gap-0": "x", "gap-1": "y", "begin": "1",
        "send": "1", "alone": "1", "again": "1", "token": str(uuid4()),
    }  # fmt: skip
    return str(template)


async def _new_template(target: Target) -> None:
    target.data |= {
        "place": "elbtal", "name": "N", "kind": "alert", "severity": "minor", "hours": "3",
        "title-de": "T", "body-de": "B",
    }  # fmt: skip


async def _text(target: Target) -> str:
    number = f"+4915{uuid4().int % 10**9:09}"
    await target.town.resident(await _elbtal(target.town), phone=number)
    await take(target.town, said("Hallo?", uuid4().hex, sender=number))
    (row,) = await target.town.rows("SELECT id FROM inbound WHERE sender = %(n)s", n=number)
    target.data |= {"text": "Ja.", "to": str(target.officer), "seen": f"{row['id']}.0"}
    return str(row["id"])


async def _draft(target: Target) -> str:
    author = await find_officer(target.town, Role.AUTHOR, email=f"{uuid4().hex}@example.org")
    asking = Asking(on=target.path.endswith("/answering"), one=YES_NO)
    draft = await drafting.begin(target.town.db, author, alert(asking=asking))
    if target.path.endswith("/take-back"):
        await submitting_drafts.submit(
            target.town.db, author, draft.id, version=1, settings=target.town.settings,
            now=clock.now(),
        )  # fmt: skip
    target.data |= {"kind": "alert", "groups": "elbtal", "title-de": "Neu", "version": "1"}
    return str(draft.id)


async def _resident(target: Target) -> str:
    """Who has yet to prove their address, and wants to join where requests are decided."""
    town, mail = target.town, f"{uuid4().hex}@example.org"
    who = await town.resident(await _elbtal(town), email=mail, state="unverified")
    async with town.db.transaction() as connection:
        (address,) = await desk.unproven(connection, who)
        code = await proving.send(connection, address["id"], purpose=Purpose.PROVE)
        assert code is not None
        if target.path.endswith("/requests"):
            await connection.run(
                "UPDATE subscriptions SET state = 'requested' WHERE resident_id = %(who)s", who=who
            )
        if target.path.endswith("/lift"):
            await connection.run(
                "INSERT INTO suppressions (channel, hash, reason) VALUES ('email', %(h)s, 'bounced')",
                h=town.keyring.address_hash("email", mail),
            )
    target.data |= {
        "named": mail, "code": proving.digits(town.keyring, code), "resident": str(who),
        "decision": "approve", "why": "gone",
    }  # fmt: skip
    return str(who)


async def _with_resident(target: Target) -> None:
    await _resident(target)


async def _upload(target: Target) -> str:
    content = f"email,groups\n{uuid4().hex}@example.org,elbtal".encode()
    async with target.town.db.transaction() as connection:
        upload = await uploads.add(
            connection, target.officer, name="x.csv", content=content, consent=None, also=None,
            life=timedelta(hours=1),
        )  # fmt: skip
    return str(upload)


async def _file(target: Target) -> None:
    target.form = form = FormData()
    form.add_field("file", b"email,groups\na@example.org,elbtal", filename="x.csv")


async def _key(target: Target) -> str:
    await keys.create(target.town.db, name="k", scopes=[Scope.BROADCASTS_READ], group="elbtal")
    (row,) = await target.town.rows("SELECT max(id) AS id FROM keys")
    return str(row["id"])


async def _new_key(target: Target) -> None:
    target.data |= {"name": "k", "scope": "broadcasts:read"}


async def _group(target: Target) -> str:
    target.data |= {"sms_cap": str(uuid4().int % 1_000_000), "name.de": "Neu"}
    return "elbtal"


async def _part(target: Target) -> str:
    async with target.town.db.transaction() as connection:
        group = await group_editing_store.get(connection, "elbtal")
    assert group is not None
    target.data["seen"] = group_editing.mark_of(group, "cap")
    return "cap"


async def _new_group(target: Target) -> None:
    target.data |= {"slug": f"g-{uuid4().hex}", "name.de": "Neu", "parent": "elbtal"}


async def _elbtal(town: Town) -> int:
    (row,) = await town.rows("SELECT id FROM groups WHERE slug = 'elbtal'")
    return int(row["id"])


async def _new_colleague(target: Target) -> None:
    target.data |= {"email": f"{uuid4().hex}@example.org", "name": "N", "role": "viewer"}


async def _what_it_follows(target: Target) -> None:
    sent = await waiting(target.town, "elbtal")
    await target.town.change(
        "UPDATE broadcasts SET status = 'dispatching', dispatching_at = now() WHERE id = %(id)s",
        id=sent,
    )
    target.data |= {"follows": str(sent), "relation": "update"}


async def _stopped_sender(target: Target) -> None:
    await target.town.change(
        "INSERT INTO senders (name, channel, stopped_at) VALUES ('relay', 'email', now())"
        " ON CONFLICT (name) DO UPDATE SET stopped_at = now()"
    )
    target.data["sender"] = "relay"


_MAKERS: Mapping[str, Callable[[Target], Awaitable[str]]] = {
    "{staff_id}": _somebody,
    "{broadcast_id}": _broadcast,
    "{voter}": _voter,
    "{draft_id}": _draft,
    "{template_id}": _template,
    "{text_id}": _text,
    "{resident_id}": _resident,
    "{upload_id}": _upload,
    "{key_id}": _key,
    "{slug}": _group,
    "{part}": _part,
}


async def _new_place(target: Target) -> None:
    """Below Bergdorf."""
    staff = await staff_sessions.find(target.town.db, await _anybody(target.town))
    assert staff is not None
    found = await moving.look(
        target.town.db, staff, "elbtal", "bergdorf", settings=target.town.settings
    )
    target.data |= {"to": "bergdorf", "seen": found.seen}


async def _anybody(town: Town) -> str:
    """The word of a session of somebody who administers everything."""
    return (await enrol(town, Role.ADMINISTRATOR, email=f"{uuid4().hex}@example.org")).word


_BESIDE: Mapping[str, Callable[[Target], Awaitable[None]]] = {
    "/staff/residents": _with_resident,
    "/staff/residents/import": _file,
    "/staff/requests": _with_resident,
    "/staff/suppressions": _with_resident,
    "/staff/suppressions/lift": _with_resident,
    "/staff/suppressions/add": _with_resident,
    "/staff/keys": _new_key,
    "/staff/groups/new": _new_group,
    "/staff/groups/{slug}/move": _new_place,
    "/staff/drafts": _what_it_follows,
    "/staff/people": _new_colleague,
    "/staff/templates": _new_template,
    "/staff/senders/resume": _stopped_sender,
}
"""What a route needs besides what its path names."""
