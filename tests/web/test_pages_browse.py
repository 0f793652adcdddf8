"""The archive, the groups and who answers for them: what is public is found, and nothing else."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from notify.domain.keyring import Keyring
from notify.rendering.links import shorten
from notify.services import browsing
from notify.services.browsing import PAGE
from notify.services.visiting import LONGEST
from notify.settings import Settings
from notify.store.database import Database
from notify.web.pages.cookies import KNOWN_FOR
from notify.web.pages.freshness import HOLDS
from tests.web.conftest import MakeGroup, Publish, serving
from tests.web.test_pages_fresh import read
from tests.web.test_pages_rush import Counting

NOW = datetime.now(UTC)
Tree = Callable[..., Awaitable[int]]


@pytest.fixture
def tree(db: Database) -> Tree:
    """Makes a group below another one."""

    async def make(slug: str, parent: int | None = None, **more: Any) -> int:
        async with db.transaction() as connection:
            row = await connection.row(
                "INSERT INTO groups (slug, names, parent_id, closed, carries_parent_news, identity)"
                " VALUES (%(slug)s, %(names)s, %(parent)s, %(closed)s, %(carries)s, %(identity)s)"
                " RETURNING id",
                slug=slug, parent=parent, closed=more.get("closed", False),
                names=json.dumps({"de": f"Gruppe {slug}", "en": f"Group {slug}"}),
                carries=more.get("carries", False), identity=json.dumps(more.get("identity", {})),
            )  # fmt: skip
        assert row is not None
        return int(row["id"])

    return make


def said(title: str) -> dict[str, dict[str, str]]:
    return {"de": {"title": title, "body": "x"}}


def listed(html: str, *titles: str) -> list[str]:
    """Which of these the page lists, in its order; what stands above every page left out."""
    main = html.split("<main")[1]
    return sorted((title for title in titles if f">{title}</a>" in main), key=main.index)


async def test_the_archive_has_everything_the_newest_first(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    at = [NOW - timedelta(days=days) for days in range(5)]
    first = await publish([town], texts=said("Erste"), dispatching_at=at[4])
    await publish(
        [town], texts=said("Folge"), dispatching_at=at[3], thread_id=first, sequence=1,
        in_reply_to=first, relation="update",
    )  # fmt: skip
    await publish([town], texts=said("Weg"), dispatching_at=at[2], status="cancelled",
                  cancelled_at=NOW)  # fmt: skip
    await publish([town], kind="announcement", severity=None, valid_until=None,
                  texts=said("Markt"), dispatching_at=at[1])  # fmt: skip
    await publish([town], texts=said("Entwurf"), status="draft", dispatching_at=None)
    closed = await group("kita", closed=True)
    await publish([closed], texts=said("Geheim"))

    html = await read(site, "/archive")

    assert listed(html, "Erste", "Folge", "Weg", "Markt", "Entwurf", "Geheim") == [
        "Markt", "Weg", "Folge", "Erste",
    ]  # fmt: skip
    assert html.count("durch eine neuere Nachricht ersetzt") == 1
    assert html.count("· zurückgezogen") == 1
    assert "Gruppe kita" not in html


async def test_the_archive_is_turned_by_time_and_loses_nothing(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town, same = await group(), NOW - timedelta(days=1)
    titles = [f"Nachricht {n:02}" for n in range(2 * PAGE + 5)]
    for title in titles:  # all at one moment, so that only their ids keep them apart
        await publish([town], kind="announcement", severity=None, valid_until=None,
                      texts=said(title), dispatching_at=same)  # fmt: skip

    found, path = [], "/archive?lang=de"
    while path:
        html = await read(site, path)
        found += [title for title in titles if f">{title}</a>" in html]
        assert html.count('<li>\n<p class="when">') <= PAGE
        before, older, _ = html.partition('" rel="next"')
        path = before.rpartition('href="')[2].replace("&amp;", "&") if older else ""
        assert "lang=de" in path or not path

    assert sorted(found) == titles


async def test_the_archive_is_narrowed_to_a_year_of_the_town_s_clock(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    town = await group()
    new_year = datetime(2024, 12, 31, 23, 30, tzinfo=UTC)  # in Berlin it is 2025 already
    await publish([town], texts=said("Silvester"), dispatching_at=new_year)
    await publish([town], texts=said("Davor"), dispatching_at=new_year - timedelta(hours=1))
    await publish([town], texts=said("Heute"))

    of_2025, of_2024 = [await read(site, f"/archive?year={year}") for year in (2025, 2024)]
    odd = [await read(site, f"/archive?year={year}") for year in ("x", "0000", "99999", "-1")]
    empty = await read(site, "/archive?year=1999")

    assert listed(of_2025, "Silvester", "Davor", "Heute") == ["Silvester"]
    assert listed(of_2024, "Silvester", "Davor", "Heute") == ["Davor"]
    assert all(len(listed(html, "Silvester", "Davor", "Heute")) == 3 for html in odd)
    assert "Dort wurde nichts veröffentlicht." in empty
    assert f"<option selected>{2025}</option>" in of_2025


async def test_a_group_shows_what_its_followers_get(
    site: ClientSession, tree: Tree, publish: Publish
) -> None:
    town = await tree("town")
    village = await tree("village", town)
    quiet = await tree("quiet", village)
    carrying = await tree("carrying", village, carries=True)
    news = {"kind": "announcement", "severity": None, "valid_until": None}
    await publish([town], texts=said("Warnung Stadt"))
    await publish([town], texts=said("Neues Stadt"), **news)
    await publish([village], texts=said("Neues Dorf"), **news)
    await publish([quiet], texts=said("Neues leise"), **news)
    await publish([carrying], texts=said("Neues laut"), **news)
    every = ("Warnung Stadt", "Neues Stadt", "Neues Dorf", "Neues leise", "Neues laut")

    shown = {}
    for slug in ("town", "village", "quiet", "carrying"):
        html, archive = (
            await read(site, f"/groups/{slug}"),
            await read(site, f"/archive?group={slug}"),
        )
        shown[slug] = set(listed(html, *every))
        assert set(listed(archive, *every)) == shown[slug]

    assert shown == {
        "town": {"Warnung Stadt", "Neues Stadt"},
        "village": {"Warnung Stadt", "Neues Dorf"},
        "quiet": {"Warnung Stadt", "Neues leise"},
        "carrying": {"Warnung Stadt", "Neues laut", "Neues Dorf"},
    }


async def test_the_tree_leads_to_each_group_and_to_joining_it(
    site: ClientSession, tree: Tree
) -> None:
    town = await tree("town")
    await tree("kita", await tree("village", town), closed=True)

    whole, kita = await read(site, "/groups"), await read(site, "/groups/kita")

    places = [whole.index(f'href="/groups/{slug}"') for slug in ("town", "village", "kita")]
    assert places == sorted(places)
    assert whole.count('<ul class="tree">') == 3
    assert 'href="/join"' in whole
    assert 'href="/join/kita"' in kita
    assert "Um Aufnahme bitten" in kita
    assert "Eine geschlossene Gruppe" in kita
    assert [kita.count(f'href="/groups/{slug}"') for slug in ("town", "village")] == [1, 1]


async def test_what_goes_to_a_closed_group_is_on_no_page_of_it(
    site: ClientSession, tree: Tree, publish: Publish
) -> None:
    await publish([await tree("kita", closed=True)], texts=said("Geheim"))

    for path in ("/groups/kita", "/archive?group=kita", "/archive", "/groups"):
        assert "Geheim" not in await read(site, path)


@pytest.mark.parametrize("page", ["imprint", "privacy"])
async def test_who_answers_is_said_by_the_nearest_group(
    site: ClientSession, tree: Tree, page: str
) -> None:
    town = await tree("town", identity={page: "Rathaus **1**", "contact": "Telefon 7"})
    await tree("kita", town, identity={page: "Kita-Weg 2"})
    await tree("street", town)

    of = [await read(site, path) for path in (f"/{page}", f"/{page}/kita", f"/{page}/street")]

    assert ["Rathaus <strong>1</strong>" in html for html in of] == [True, False, True]
    assert ["Kita-Weg 2" in html for html in of] == [False, True, False]
    assert f'href="/{page}/kita"' in of[0]
    assert f'href="/{page}/street"' not in of[0]


@pytest.mark.parametrize("page", ["imprint", "privacy"])
async def test_a_text_that_is_missing_is_said_to_be(
    site: ClientSession, tree: Tree, page: str
) -> None:
    await tree("town", identity={"contact": "Telefon 7", "sender_name": "Rathaus Süd"})

    html = await read(site, f"/{page}")

    assert "Rathaus Süd hat diesen Text noch nicht geschrieben." in html
    assert "Telefon 7" in html


@pytest.mark.parametrize(
    ("query", "hours", "days"),
    [("", "höchstens {} Stunden", "bleibt {} Tage"),
     ("?lang=en", "for {} hours at most", "stays for {} days")],
    ids=["German", "English"],
)  # fmt: skip
async def test_how_long_each_cookie_is_kept_is_said(
    site: ClientSession, tree: Tree, query: str, hours: str, days: str
) -> None:
    await tree("town")

    html = await read(site, f"/privacy{query}")

    assert hours.format(LONGEST // timedelta(hours=1)) in html
    assert days.format(KNOWN_FOR // (24 * 3_600)) in html


async def test_of_several_towns_each_speaks_for_itself(site: ClientSession, tree: Tree) -> None:
    for slug in ("north", "south"):
        await tree(slug, identity={"imprint": f"Rathaus {slug}"})

    html = await read(site, "/imprint")

    assert "Rathaus north" not in html
    assert [f'href="/imprint/{slug}"' in html for slug in ("north", "south")] == [True, True]


ALL_PAGES = (
    "/archive", "/groups", "/groups/town", "/help", "/accessibility", "/imprint", "/privacy",
    "/imprint/town", "/privacy/town", "/confirm/x", "/leave/x", "/b/nothing", "/groups/nothing",
)  # fmt: skip


async def test_alerts_in_force_stand_on_top_of_every_page_until_they_end(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    end = datetime.now(UTC) + timedelta(seconds=4)
    alert = await publish([await group()], valid_until=end)

    during = {path: await _top(site, path) for path in ALL_PAGES}
    assert datetime.now(UTC) < end
    await asyncio.sleep((end - datetime.now(UTC)).total_seconds() + 0.1)
    after = {path: await _top(site, path) for path in ALL_PAGES}

    for words in (f'href="/b/{shorten(alert)}"', "Große Gefahr", "Gültig bis"):
        assert [path for path, top in during.items() if words not in top] == []
    assert [path for path, top in after.items() if "Sturm" in top] == []


async def _top(site: ClientSession, path: str) -> str:
    """What stands above the matter of a page, whatever its status."""
    async with site.get(path, headers={"accept-language": "de", "accept": "text/html"}) as answer:
        return (await answer.text()).split("<main")[0]


async def test_the_language_asked_for_is_kept_and_the_place_as_well(
    site: ClientSession, group: MakeGroup
) -> None:
    await group()

    for path in (*ALL_PAGES, "/"):
        async with site.get(f"{path}?lang=en", headers={"accept-language": "de"}) as answer:
            asked = await answer.text()
        async with site.get(path, headers={"accept-language": "de"}) as answer:
            plain = await answer.text()

        assert '<html lang="en"' in asked, path
        assert 'href="/archive?lang=en"' in asked, path
        assert 'href="/archive"' in plain, path
        assert ['href="?lang=en"' in html for html in (asked, plain)] == [True, True], path
        assert answer.headers["content-language"] == "de"


async def test_the_switch_of_language_keeps_what_the_archive_is_narrowed_to(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    await publish([await group()])
    async with site.get("/archive?year=2026&group=town&lang=en&x=<b>") as answer:
        html = await answer.text()

    assert 'href="?group=town&amp;year=2026&amp;lang=de"' in html
    assert "<b>" not in html


HTML = {"accept-language": "de", "accept": "text/html,*/*"}


async def test_an_address_that_leads_nowhere_is_a_page_for_people_alone(
    site: ClientSession,
) -> None:
    for path, headers, kind in (
        ("/hilfe", HTML, "text/html"),
        ("/hilfe", {"accept": "*/*"}, "application/problem+json"),
        ("/api/v1/nothing", HTML, "application/problem+json"),
    ):
        async with site.get(path, headers=headers) as answer:
            assert (answer.status, answer.content_type) == (404, kind)


@pytest.mark.parametrize(
    "path",
    ["/groups/none", "/groups/%00", "/groups/a%2Fb", "/imprint/none", "/privacy/none",
     "/archive?group=none", "/archive?group=%00", "/archive?before=086ab5ce-ad32-47de-b04e-8157b4019369"],
)  # fmt: skip
async def test_made_up_names_are_a_page_that_says_so(
    site: ClientSession, group: MakeGroup, path: str
) -> None:
    await group()

    async with site.get(path, headers=HTML) as answer:
        assert answer.status == 404
        assert "Diese Seite gibt es nicht" in await answer.text()


async def test_made_up_names_cost_the_database_nothing_of_their_own(
    database_url: str, keyring: Keyring, settings: Settings, group: MakeGroup
) -> None:
    await group()
    counting = Counting(database_url)
    await counting.open()
    async with serving(counting, keyring, settings) as site:
        await read(site, "/groups")
        counting.n = 0
        for n in range(100):
            async with site.get(f"/groups/none-{n}") as answer:
                assert answer.status == 404
        many = counting.n
    await counting.close()

    assert many <= 20  # looks at the stamp, and one reading of the front page


async def test_a_group_that_is_made_shows_within_a_second(site: ClientSession, tree: Tree) -> None:
    assert "Noch gibt es keine Gruppen." in await read(site, "/groups")

    await tree("town")
    await asyncio.sleep(HOLDS)

    assert "Gruppe town" in await read(site, "/groups")
    assert "Gruppe town" in await read(site, "/groups/town")


async def test_help_tells_only_of_channels_that_are_on(
    db: Database, keyring: Keyring, settings: Settings
) -> None:
    full = settings.model_copy(
        update={
            "twilio_account_sid": "AC",
            "twilio_senders": ("Musterstadt", "+4915735990000@1"),
            "vapid_private_key": "x",
        }
    )
    shown = []
    for one in (settings, full):
        async with serving(db, keyring, one) as site:
            shown.append(await read(site, "/help"))

    assert [("+49 1573 5990000" in html, "iPhone" in html) for html in shown] == [
        (False, False),
        (True, True),
    ]
    assert all("kostenlos" in html for html in shown)
    for word in ("MITMACHEN und der Name", "ABMELDEN und der Name", "STOP und der Name",
                 "SPRACHE und eine", "LISTE<", "STOP<", "START<", "HILFE<"):  # fmt: skip
        assert [f"<dt>{word}" in html for html in shown] == [False, True], word


async def test_a_group_s_colour_is_on_its_pages_and_reads_in_light_and_dark(
    site: ClientSession, group: MakeGroup, publish: Publish
) -> None:
    alert = await publish([await group(colour="#ffcc00")])  # from before such colours were refused

    html = await read(site, f"/b/{alert}")
    async with site.get("/colour/ffcc00.css") as answer:
        css = await answer.text()
        assert answer.content_type == "text/css"

    assert 'href="/colour/ffcc00.css"' in html
    assert "/colour/" not in await read(site, "/")
    assert css.count("--accent: #") == 3
    for name in ("x.css", "ffcc0.css", "ffcc00", "FFCC00.css", "red;}.css"):
        async with site.get(f"/colour/{name}") as missing:
            assert missing.status == 404


async def test_a_check_names_the_texts_that_a_town_owes(db: Database, tree: Tree) -> None:
    whole = dict.fromkeys(browsing.OWED, "x")
    await tree("street", await tree("whole", identity=whole))
    await tree("bare", identity={"privacy": "x", "contact": "x"})

    assert await browsing.unwritten(db) == [("bare", "imprint"), ("bare", "enforcement")]
