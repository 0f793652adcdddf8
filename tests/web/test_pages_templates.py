"""Every page renders for every kind, relation, severity, state and language, with nothing left
undefined."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from notify.domain.broadcast import Broadcast, BroadcastStatus, Identity, Text
from notify.domain.words import Kind, Relation, Severity
from notify.rendering.languages import TEMPLATES
from notify.rendering.templates import Templates
from notify.services.publishing import READABLE, Published

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
THIS = UUID(int=1)


@pytest.fixture
def templates() -> Templates:
    return Templates(default_language="de", zone="Europe/Berlin")


def _entry(
    kind: Kind,
    relation: Relation | None,
    severity: Severity | None,
    status: BroadcastStatus,
    end: datetime | None,
    drill: bool = False,
) -> dict[str, object]:
    text = Text("Titel", "Inhalt")
    broadcast = Broadcast(
        id=THIS,
        kind=kind,
        status=status,
        texts={"ar": text},
        severity=severity,
        group_ids=(1,),
        valid_until=end,
        send_at=None,
        thread_id=THIS,
        sequence=0,
        in_reply_to=THIS if relation else None,
        relation=relation,
        created_at=NOW,
        drill=drill,
    )
    return {
        "broadcast": broadcast,
        "published": Published(broadcast, NOW, NOW, ({"de": "Stadt"},)),
        "text": text,
        "text_language": "ar",
        "lead": "Inhalt",
        "groups": ["Stadt"],
        "href": "/b/x",
        "result": "/polls/x",
    }


@pytest.mark.parametrize("drill", [False, True], ids=["real", "drill"])
@pytest.mark.parametrize("as_of", [None, NOW], ids=["now", "old"])
@pytest.mark.parametrize("language", ["de", "en", "uk"])
@pytest.mark.parametrize("status", READABLE)
def test_a_broadcast_s_page_renders_whatever_it_is(
    templates: Templates,
    status: BroadcastStatus,
    language: str,
    as_of: datetime | None,
    drill: bool,
) -> None:
    hour = timedelta(hours=1)
    ends = (None, NOW - hour, NOW + hour)
    around = {
        "page_language": language,
        "languages": ["de", "ar"],
        "town": "Musterstadt",
        "stylesheet": "/static/notify.css",
        "private": False,
        "now": NOW,
        "as_of": as_of,
    }

    word = "EXERCISE" if language == "en" else "ÜBUNG"
    real = {f"tone-{one}" for one in (*Severity, "alert", "clear")}
    for kind, relation, severity, end in product(Kind, (None, *Relation), (None, *Severity), ends):
        entry = _entry(kind, relation, severity, status, end, drill)
        page = templates.render(
            "web/broadcast.html",
            language=language,
            current=entry,
            earlier=[entry],
            alerts=[entry],
            opened=THIS,
            results=frozenset(),
            answers_until=None,
            sheets=[],
            number="",
            identity=Identity("Stadt", "a@b.example", imprint="Rathaus", privacy="Datenschutz"),
            **around,
        )
        front = templates.render(
            "web/front.html", language=language, alerts=[entry], latest=[entry], **around
        )

        assert page.count("<h1") == front.count("<h1") == 1
        title = f"{word}: Titel" if drill else "Titel"
        assert f'lang="ar" dir="rtl">{title}</h1>' in page
        assert f">{title}</a>" in front
        assert (f"<title>{word}: Titel" in page) is drill
        if drill:
            # Nothing of it looks like a real one.
            assert not [tone for tone in real if tone in page or tone in front]
            assert page.count("Titel") == page.count(f"{word}: Titel")
            assert 'class="drill"' in page
        else:
            assert "drill" not in page
            assert word not in page + front
        assert page.count('class="old"') == front.count('class="old"') == (as_of is not None)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("channel", ["email", "sms", "push"])
@pytest.mark.parametrize("language", ["de", "en"])
def test_the_leave_pages_render_for_every_way(
    templates: Templates, kind: Kind, channel: str, language: str
) -> None:
    nord, sued = {"slug": "nord", "name": "Nord"}, {"slug": "sued", "name": "Süd"}
    around = {
        "page_language": language,
        "town": "Musterstadt",
        "stylesheet": "/static/notify.css",
        "private": True,
        "as_of": None,
        "kind": kind,
        "channel": channel,
        "groups": [nord, sued],
        "at_a_glance": 5,
        "last_warnings": (),
        "unwarned": False,
        "still": [],
        "problems": [{"field": "choice", "said": "Please press one of the buttons."}],
    }

    asked = [
        templates.render("web/leave.html", language=language, following=following, **around)
        for following in (True, False)
    ]
    told = [
        templates.render(
            "web/left.html", language=language, choice=choice, group=group, nothing=False,
            undo=undo, **around,
        )
        for choice, group in (
            ("this", None), ("channel", None), ("all", None), (None, nord),
        )
        for undo in (None, "sealed")
    ]  # fmt: skip

    assert [page.count("<button") for page in asked] == [5, 2]
    assert len(set(told)) == 8


def test_every_template_can_be_read(templates: Templates) -> None:
    names = [
        str(path.relative_to(TEMPLATES))
        for folder in ("web", "messages")
        for path in (TEMPLATES / folder).rglob("*")
        if path.suffix in {".html", ".txt"}
    ]

    for name in names:
        templates.check(name)

    assert len(names) > 15
