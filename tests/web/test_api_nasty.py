"""What no text can hold, and numbers that are none, put at every place of every request."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from yarl import URL

from tests.town import Town
from tests.web.caller import Caller, alert, asks, in_hours

GROUP = {
    "slug": "kita",
    "name": {"de": "Kita"},
    "parent": "town",
    "closed": True,
    "carries_parent_news": False,
    "identity": {"sender_name": "Kita", "mail_from": "kita@example.org", "imprint": "Weg 1",
                 "privacy": "p", "colour": "#1a5fb4", "cost_centre": "4711"},
}  # fmt: skip
RESIDENT = {
    "name": "Erika",
    "language": "de",
    "addresses": [
        {"channel": "email", "value": "erika@example.org"},
        {"channel": "sms", "value": "0151 23456789"},
        {"channel": "push", "value": {"endpoint": "https://fcm.googleapis.com/x",
                                      "keys": {"p256dh": "p", "auth": "a"}}},
    ],
    "subscriptions": [{"group": "town", "alerts": ["email"], "news": ["sms"]}],
    "consent": "form 12",
}  # fmt: skip
BROADCAST = alert() | {
    "texts": {"de": {"title": "Sturm", "body": "Ins Haus.", "sms": "Sturm"}},
    "send_at": in_hours(1),
    "in_reply_to": {"id": "f7d2a1c4-0000-4000-8000-000000000000", "relation": "update"},
}
POLL = BROADCAST | {
    "kind": "poll",
    "in_reply_to": None,
    "ask": asks(secret=True, shown="asked", live=False, tell=True, urgent=1),
}
NASTY = [
    pytest.param("a\0b", id="NUL"),
    pytest.param("\ud800", id="half a character"),
    pytest.param("\U0010ffff\u202e" * 50, id="odd characters"),
    pytest.param("9" * 5000, id="long"),
    pytest.param(10**400, id="huge number"),
    pytest.param(-(2**63) - 1, id="below bigint"),
    pytest.param(1.7e308, id="huge fraction"),
    pytest.param([[[]]], id="lists"),
    pytest.param({"\0": "\udfff"}, id="an object"),
]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = (
        value.items() if isinstance(value, dict)
        else enumerate(value) if isinstance(value, list) else ()
    )  # fmt: skip
    for key, inner in items:
        yield (*path, key)
        yield from _places(inner, (*path, key))


def _with(value: Any, path: tuple[Any, ...], nasty: Any, *, as_name: bool) -> Any:
    """A copy that holds `nasty` at the place, or as the name of what is there."""
    key, *rest = path
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if rest:
        copy[key] = _with(value[key], tuple(rest), nasty, as_name=as_name)
    elif as_name and isinstance(copy, dict):
        copy[nasty] = copy.pop(key)
    else:
        copy[key] = nasty
    return copy


BODIES = {"/groups": GROUP, "/residents": RESIDENT, "/broadcasts": BROADCAST}


@pytest.mark.parametrize("nasty", NASTY)
async def test_nothing_a_request_can_hold_breaks_the_service(
    api: Caller, town: Town, nasty: Any
) -> None:
    await town.group()
    names = (False, True) if isinstance(nasty, str) else (False,)

    for path, body in BODIES.items():
        for place, as_name in product(_places(body), names):
            answer = await api.post(path, _with(body, place, nasty, as_name=as_name))

            assert answer.status < 500, (path, place, answer.body)
            if answer.status >= 400:
                assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("nasty", NASTY)
async def test_nor_anything_that_a_question_can_hold(api: Caller, town: Town, nasty: Any) -> None:
    await town.group()
    names = (False, True) if isinstance(nasty, str) else (False,)
    inside = [place for place in _places(POLL) if place[0] == "ask"]

    for place, as_name in product(inside, names):
        answer = await api.post("/broadcasts", _with(POLL, place, nasty, as_name=as_name))

        assert answer.status < 500, (place, answer.body)


PAGES = ("/b/", "/leave/", "/confirm/", "/static/", "/", "/hooks/push/", "/hooks/mail/bounce")
ODD = ("%00", "%ED%A0%80", "%FF", "..%2f..%2fetc", "x" * 4000, "%F4%8F%BF%BF", "%0d%0aX:1")


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_nor_anything_an_address_can_hold(api: Caller, method: str) -> None:
    headers = {"Accept-Language": "\u00ff;q=9e999,*", "Content-Type": "multipart/form-data"}

    for page, odd in product(PAGES, ODD):
        url = URL(f"{page}{odd}?to={odd}&attempt={odd}", encoded=True)
        async with api.site.request(method, url, headers=headers, data=b"\0") as answer:
            assert answer.status < 500, (page, odd)
