"""Two phones and a poll: asked, answered, changed, closed, too late; and nobody keeps what they texted."""

import base64
import json
import re
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from tests.journeys.processes import command, until
from tests.journeys.world import SENDER, TEXTS, World

ASK = {
    "questions": [
        {
            "shape": "single",
            "wordings": {
                "de": {"ask": "Wohin soll der Spielplatz?",
                       "options": ["Altstadt", "Neustadt", "Stadtpark"]},
            },
        },
        {
            "shape": "scale",
            "wordings": {"de": {"ask": "Wie gut ist der Bus?", "options": ["schlecht", "gut"]}},
        },
    ]
}  # fmt: skip


def text(world: World, phone: str, body: str, *, times: int = 1) -> None:
    said = world.box.inbound(sender=phone, to=SENDER, body=body, times=times)
    assert said["answer"]["status"] == 200


def screen(world: World, phone: str, count: int) -> list[str]:
    """What a phone shows, the oldest first, once there are so many texts."""

    def look() -> list[str] | None:
        shown = [one["body"] for one in world.box.books("sms") if one["to"] == phone]
        return shown if len(shown) >= count else None

    shown: Any = until(look, why=world.everything)
    assert len(shown) == count
    return list(shown)


def listed(world: World) -> list[str]:
    """The bodies of what phones texted that the provider still has."""
    path = f"/2010-04-01/Accounts/{world.box.account_sid}/Messages.json?PageSize=1000"
    pair = f"{world.box.account_sid}:{world.box.auth_token}".encode()
    request = urllib.request.Request(  # noqa: S310 - our own URL
        f"{world.box.twilio_url}{path}&To={urllib.parse.quote(SENDER)}",
        headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return [one["body"] for one in json.loads(answer.read())["messages"]]


def test_two_phones_answer_change_their_mind_and_are_told_when_it_is_over(
    make_world: Callable[..., World],
) -> None:
    world = make_world(TOWN="Musterstadt")
    world.begin()
    world.phones(2)
    anna, bert = world.phone(0), world.phone(1)
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    asked = world.send("poll", ask=ASK, texts={"de": TEXTS["de"]})
    world.at_rest(asked)

    (question,) = screen(world, anna, 1)
    assert "1 Altstadt\n2 Neustadt\n3 Stadtpark" in question

    text(world, anna, "Stadtprak")
    assert "Antworten Sie mit der Ziffer" in screen(world, anna, 2)[1]
    text(world, anna, "c)", times=2)
    assert "Wie gut ist der Bus?" in screen(world, anna, 3)[2]
    text(world, anna, "4")
    assert "Ihre Antworten zählen" in screen(world, anna, 4)[3]
    text(world, anna, "5")
    assert "Ihre neue Antwort" in screen(world, anna, 5)[4]
    text(world, bert, "Guten Tag, ich nehme die Altstadt. Mit freundlichen Grüßen Erna Müller")
    assert "Wie gut ist der Bus?" in screen(world, bert, 2)[1]

    done = command(
        "poll", "close", asked, environment=world.environment, folder=world.folder
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text(world, bert, "2")
    assert "Die Zeit zum Antworten ist vorbei" in screen(world, bert, 3)[2]

    result = world.get(f"/api/v1/broadcasts/{asked}/results")
    assert (result["asked"], result["answered"], result["how"]["sms"]) == (2, 2, 2)
    counted = [
        {choice["number"]: choice["n"] for choice in question["choices"] if choice["n"]}
        for question in result["questions"]
    ]
    assert counted == [{1: 1, 3: 1}, {5: 1}]

    until(lambda: not listed(world), why=world.everything)
    assert world.rows("SELECT body FROM inbound WHERE body <> ''") == []
    ballots = world.rows(
        "SELECT resident_id, at FROM ballots WHERE broadcast_id = %(id)s", id=UUID(asked)
    )
    assert {(row["resident_id"], row["at"]) for row in ballots} == {(None, None)}
    for process in world.processes:
        said = process.said()
        assert "Stadtprak" not in said
        assert "Altstadt" not in said
        assert anna.lstrip("+") not in said


def by_day() -> str:
    """A time zone in which it is noon, whenever this runs: results are told by day."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def test_a_poll_closes_by_itself_and_tells_who_took_part_and_nobody_else(
    make_world: Callable[..., World],
) -> None:
    world = make_world(TOWN="Musterstadt", TIMEZONE=by_day())
    world.begin()
    anna, cleo, dora = (world.phone(n) for n in range(3))
    anna_s, bert, cleo_s, dora_s = (world.mail(n) for n in range(4))
    world.residents(
        [
            {"phone": anna, "email": anna_s}, {"email": bert}, {"phone": cleo, "email": cleo_s},
            {"phone": dora, "email": dora_s},
        ]
    )  # fmt: skip
    world.box.settings(inbound_url=f"{world.environment['NOTIFY_PUBLIC_URL']}/hooks/twilio/inbound")
    asked = world.send(
        "poll", ask={"questions": ASK["questions"][:1], "tell": True}, texts={"de": TEXTS["de"]}
    )
    world.at_rest(asked)
    for phone in (anna, cleo, dora):
        screen(world, phone, 1)

    text(world, anna, "3")
    assert "Ihre Antwort zählt" in screen(world, anna, 2)[1]
    text(world, dora, "1")
    screen(world, dora, 2)
    text(world, dora, "STOP")  # answered, and wants to hear nothing more by SMS
    until(
        lambda: world.rows("SELECT FROM suppressions WHERE channel = 'sms'"), why=world.everything
    )
    (mail,) = (one for one in world.box.books("email") if one["to"] == bert)
    link = re.search(r"https?://[^/\s]+(/answer/\S+)", mail["text"])
    assert link, mail["text"]
    world.fetch("POST", link[1], "q1=3")

    # Its time is over. Nobody does anything: a worker closes it, and tells.
    world.change("UPDATE polls SET close_at = now() WHERE broadcast_id = %(id)s", id=UUID(asked))
    until(
        lambda: world.rows(
            "SELECT FROM polls WHERE told_at IS NOT NULL AND broadcast_id = %(id)s", id=UUID(asked)
        ),
        why=world.everything,
    )
    told = screen(world, anna, 3)[2]
    assert told.startswith(f"Musterstadt: Ergebnis: {TEXTS['de']['title']}. Stadtpark 67 %")
    until(lambda: world.reached("email")[bert] == 2, why=world.everything)
    letter = [one for one in world.box.books("email") if one["to"] == bert][1]
    assert letter["subject"] == f"Ergebnis: {TEXTS['de']['title']}"
    assert "Stadtpark: 67 %" in letter["text"]
    assert "3 von 4 Befragten haben mitgemacht" in letter["text"]
    page = re.search(r"https?://[^/\s]+(/polls/\S+)", told)
    assert page, told
    assert "Stadtpark" in world.fetch("GET", page[1])

    until(lambda: not unsent(world), why=world.everything)
    # Anna answered by SMS and is told so, Bert by mail; Cleo did not, and Dora stopped it.
    assert world.reached("sms") == {anna: 3, cleo: 1, dora: 2}
    assert world.reached("email") == {anna_s: 1, bert: 2, cleo_s: 1, dora_s: 1}


def unsent(world: World) -> list[dict[str, Any]]:
    return world.rows("SELECT id FROM deliveries WHERE status IN ('pending', 'sending')")
