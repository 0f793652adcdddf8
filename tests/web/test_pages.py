"""What anybody may read: the front page, a page for each broadcast, and nothing that is not out."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession

from notify.rendering.languages import TEMPLATES
from notify.rendering.links import shorten

Publish = Callable[..., Awaitable[UUID]]
MakeGroup = Callable[..., Awaitable[int]]
DE = {"accept-language": "de"}


async def _read(site: ClientSession, path: str, **headers: str) -> str:
    async with site.get(path, headers=headers or DE) as answer:
        assert answer.status == 200
        return await answer.text()


async def test_an_empty_town_says_that_nothing_is_wrong(site: ClientSession) -> None:
    html = await _read(site, "/")

    assert "Musterstadt" in html
    assert "Zurzeit gilt keine Warnung." in html
    assert "Noch gibt es keine Nachrichten." in html


async def test_alerts_stand_on_top_the_worst_first(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    for title, severity in (("Nebel", "minor"), ("Flut", "extreme"), ("Sturm", "severe")):
        await publish([town], severity=severity, texts={"de": {"title": title, "body": "x"}})
    news = {"de": {"title": "Markt am Samstag", "body": "x"}}
    await publish([town], kind="announcement", severity=None, valid_until=None, texts=news)

    html = await _read(site, "/")

    places = [html.index(word) for word in ("Flut", "Sturm", "Nebel", "Markt am Samstag")]
    assert places == sorted(places)
    assert "Extreme Gefahr" in html
    assert "Zurzeit gilt keine Warnung." not in html
    assert html.count("<h1") == 1


async def test_an_alert_is_over_when_its_all_clear_its_end_or_its_withdrawal_came(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    alert = await publish([town])
    clear = {"de": {"title": "Sturm vorbei", "body": "x"}}
    await publish(
        [town], thread_id=alert, sequence=1, in_reply_to=alert, relation="all_clear", texts=clear
    )
    await publish([town], valid_until=datetime.now(UTC) - timedelta(minutes=1))
    await publish([town], status="cancelled", cancelled_at=datetime.now(UTC))

    html = await _read(site, "/")

    assert "Zurzeit gilt keine Warnung." in html
    assert "Sturm vorbei" in html
    assert "gilt nicht mehr" in html


async def test_a_withdrawn_update_leaves_its_alert_in_force(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    alert = await publish([town])
    await publish(
        [town], thread_id=alert, sequence=1, in_reply_to=alert, relation="update",
        status="cancelled", cancelled_at=datetime.now(UTC),
    )  # fmt: skip

    front = await _read(site, "/")
    html = await _read(site, f"/b/{alert}")

    assert "Zurzeit gilt keine Warnung." not in front
    assert html.index("Gültig bis") < html.index("Diese Nachricht wurde zurückgezogen")


async def test_what_goes_to_a_closed_group_is_not_listed_but_has_its_page(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    kindergarten = await group("kita", closed=True)
    broadcast = await publish([kindergarten])

    front = await _read(site, "/")
    html = await _read(site, f"/b/{broadcast}")

    assert "Sturm ab 18 Uhr" not in front
    assert "Sturm ab 18 Uhr" in html


async def test_a_broadcast_is_found_by_both_links(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    broadcast = await publish([await group(imprint="Rathausplatz 1")])

    pages = [await _read(site, f"/b/{ref}") for ref in (broadcast, shorten(broadcast))]

    for html in pages:
        assert "<strong>Haus</strong>" in html
        assert "Große Gefahr" in html
        assert "Für Gruppe town" in html
        assert "Gültig bis" in html
        assert "Rathausplatz 1" in html


async def test_a_thread_is_told_from_what_applies_now_backwards(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    alert = await publish([town])
    for place, relation in ((1, "update"), (2, "all_clear")):
        text = {"de": {"title": f"Folge {relation}", "body": f"Text {relation}"}}
        await publish(
            [town],
            thread_id=alert,
            sequence=place,
            in_reply_to=alert,
            relation=relation,
            texts=text,
        )

    html = await _read(site, f"/b/{alert}")

    told = [html.index(t) for t in ("Text all_clear", "Text update", "Bleiben Sie im")]
    assert told == sorted(told)
    assert "Diese Nachricht haben Sie geöffnet." in html
    assert "Gültig bis" not in html


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"status": "cancelled", "cancelled_at": datetime(2026, 11, 22, 17, tzinfo=UTC)},
            "zurückgezogen: Sonntag, 22. November 2026, 18:00 Uhr",
            id="withdrawn",
        ),
        pytest.param(
            {"valid_until": datetime(2025, 11, 22, 17, tzinfo=UTC)},
            "Das gilt nicht mehr. Es galt bis Samstag, 22. November 2025, 18:00 Uhr.",
            id="past its time",
        ),
        pytest.param({"status": "expired"}, "Das gilt nicht mehr.", id="ran out while sent"),
    ],
)
async def test_what_no_longer_applies_says_so(
    site: ClientSession,
    group: MakeGroup,
    publish: Publish,
    given: dict[str, object],
    said: str,
) -> None:
    broadcast = await publish([await group()], **given)

    html = await _read(site, f"/b/{broadcast}")

    assert said in html
    assert "Gültig bis" not in html


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"status": status}, id=status)
        for status in ("draft", "submitted", "returned", "approved", "scheduled")
    ]
    + [
        pytest.param({"status": status, "dispatching_at": None}, id=f"{status} before it left")
        for status in ("cancelled", "expired")
    ],
)
async def test_what_is_not_out_has_no_page(
    site: ClientSession, group: MakeGroup, publish: Publish, given: dict[str, object]
) -> None:
    broadcast = await publish([await group()], **given)

    async with site.get(f"/b/{broadcast}", headers=DE) as answer:
        html = await answer.text()
    front = await _read(site, "/")

    assert answer.status == 404
    assert "Diese Seite gibt es nicht" in html
    assert "Sturm" not in html + front


@pytest.mark.parametrize(
    "reference", ["086ab5ce-ad32-47de-b04e-8157b4019369", "x", "%00", "a" * 22, "..%2f..%2fetc"]
)
async def test_an_unknown_broadcast_is_a_page_that_says_so(
    site: ClientSession, reference: str
) -> None:
    async with site.get(f"/b/{reference}") as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("query", "accept", "title", "furniture"),
    [
        pytest.param("", "en-GB,en;q=0.9", "Storm from 6 pm", "Great danger", id="header"),
        pytest.param("?lang=en", "de", "Storm from 6 pm", "Great danger", id="asked for"),
        pytest.param("", "fr", "Sturm ab 18 Uhr", "Große Gefahr", id="the first language"),
        pytest.param("?lang=uk", "en", "Шторм", "Große Gefahr", id="a text beyond our words"),
        pytest.param("?lang=<x>", "en", "Storm from 6 pm", "Great danger", id="nonsense"),
    ],
)
async def test_a_broadcast_speaks_the_reader_s_language(
    site: ClientSession,
    group: MakeGroup,
    publish: Publish,
    query: str,
    accept: str,
    title: str,
    furniture: str,
) -> None:
    texts = {"de": "Sturm ab 18 Uhr", "en": "Storm from 6 pm", "uk": "Шторм"}
    broadcast = await publish(
        [await group()], texts={tag: {"title": t, "body": "x"} for tag, t in texts.items()}
    )

    html = await _read(site, f"/b/{broadcast}{query}", **{"accept-language": accept})

    assert f">{title}</h1>" in html
    assert furniture in html
    assert [html.count(f'lang="{tag}"') > 0 for tag in texts] == [True, True, True]


async def test_staff_s_words_are_never_run(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    odd = "{{ 7*7 }} <script>alert(1)</script> %s"
    broadcast = await publish([await group()], texts={"de": {"title": odd, "body": odd}})

    html = await _read(site, f"/b/{broadcast}") + await _read(site, "/")

    assert "<script" not in html
    assert "{{ 7*7 }} &lt;script&gt;" in html


@pytest.mark.parametrize("path", ["/", "/b/nothing", "/static/notify.css", "/confirm/x"])
async def test_pages_answer_head_and_forbid_what_they_do_not_need(
    site: ClientSession, path: str
) -> None:
    async with site.head(path) as answer, site.get(path) as full:
        assert answer.status == full.status
        assert await answer.read() == b""
    policy = answer.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "set-cookie" not in answer.headers


async def test_pages_have_no_style_or_script_of_their_own(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    broadcast = await publish([await group()])

    for path in ("/", f"/b/{broadcast}", "/confirm/x"):
        html = await _read(site, path)

        assert "<style" not in html
        assert "style=" not in html
        assert "<script" not in html


async def test_the_stylesheet_is_kept_until_it_changes(site: ClientSession) -> None:
    html = await _read(site, "/")
    url = html.split('rel="stylesheet" href="')[1].split('"')[0]

    async with site.get(url) as answer:
        assert answer.content_type == "text/css"
        assert "immutable" in answer.headers["cache-control"]
        tag = answer.headers["etag"]
        assert answer.headers["content-encoding"] == "gzip"
        assert await answer.read() == (TEMPLATES / "web/static/notify.css").read_bytes()
    async with site.get("/static/notify.css?v=before") as old:
        assert old.headers["cache-control"] == "public, max-age=300"
    async with site.get("/static/notify.css", headers={"if-none-match": tag}) as again:
        assert again.status == 304
    for name in ("notify.py", "..%2fbase.html", "x/notify.css"):
        async with site.get(f"/static/{name}") as missing:
            assert missing.status == 404
