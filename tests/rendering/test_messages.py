"""Each message says who speaks, what it is and what to do, and never runs what staff wrote."""

import json
import re
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from notify.domain.broadcast import Broadcast, Identity, Text
from notify.domain.words import Kind, Relation, Severity
from notify.rendering import links
from notify.rendering.messages import Renderer
from notify.rendering.notices import PUSH_BYTES
from notify.settings import Settings

BroadcastMaker = Callable[..., Broadcast]


@pytest.fixture
def renderer(settings: Settings) -> Renderer:
    return Renderer(settings)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("relation", [None, *Relation])
@pytest.mark.parametrize("language", ["de", "en", "uk", "ar", "de-x-simple"])
def test_every_message_renders(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    kind: Kind,
    relation: Relation | None,
    language: str,
) -> None:
    texts = {tag: Text("Titel", "Inhalt") for tag in ("de", "ar")}
    for severity in (None, *Severity):
        broadcast = make(texts, kind=kind, relation=relation, severity=severity)

        letter = renderer.letter(broadcast, language=language, identity=identity)
        sms = renderer.sms(broadcast, language=language, identity=identity)
        notice = renderer.push(broadcast, language=language, identity=identity)

        assert letter.language == notice.lang == ("ar" if language == "ar" else "de")
        assert "Titel" in letter.subject
        assert "Inhalt" in letter.text
        assert "Inhalt" in letter.html
        assert f'lang="{letter.language}"' in letter.html
        assert letter.placeholder in letter.text
        assert sms.segments >= 1
        assert json.loads(notice.payload(None))["title"]


@pytest.mark.parametrize(
    ("kind", "relation", "language", "subject"),
    [
        pytest.param(Kind.ALERT, None, "de", "Warnung: Sturm ab 18 Uhr", id="alert"),
        pytest.param(Kind.ALERT, None, "en", "Warning: Sturm ab 18 Uhr", id="alert en"),
        pytest.param(
            Kind.ALERT, Relation.UPDATE, "de", "Aktualisierung: Sturm ab 18 Uhr", id="update"
        ),
        pytest.param(
            Kind.ALERT, Relation.ALL_CLEAR, "de", "Entwarnung: Sturm ab 18 Uhr", id="all-clear"
        ),
        pytest.param(
            Kind.ALERT, Relation.CORRECTION, "de", "Korrektur: Sturm ab 18 Uhr", id="correction"
        ),
        pytest.param(Kind.ANNOUNCEMENT, None, "de", "Neuigkeiten: Sturm ab 18 Uhr", id="news"),
        pytest.param(Kind.ANNOUNCEMENT, None, "en", "News: Sturm ab 18 Uhr", id="news en"),
    ],
)
def test_the_subject_says_what_it_is(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    kind: Kind,
    relation: Relation | None,
    language: str,
    subject: str,
) -> None:
    broadcast = make(kind=kind, relation=relation)

    assert renderer.letter(broadcast, language=language, identity=identity).subject == subject


WORD = {"de": "ÜBUNG", "en": "EXERCISE"}
ONLY = {
    "de": "Das ist nur eine Übung. Es ist nichts passiert.",
    "en": "This is only an exercise. Nothing has happened.",
}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("relation", [None, *Relation])
@pytest.mark.parametrize("severity", [None, *Severity])
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_drill_says_first_of_all_that_it_is_one(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    kind: Kind,
    relation: Relation | None,
    severity: Severity | None,
    language: str,
) -> None:
    texts = {"de": Text("Sturm", "Ins Haus."), "en": Text("Storm", "Go inside.")}
    broadcast = make(texts, kind=kind, relation=relation, severity=severity, drill=True)
    word, title = WORD[language], texts[language].title

    letter = renderer.letter(broadcast, language=language, identity=identity)
    sms = renderer.sms(broadcast, language=language, identity=identity)
    notice = renderer.push(broadcast, language=language, identity=identity)

    assert letter.subject.startswith(f"{word}: ")
    assert letter.text.splitlines()[0] == f"{word}. {ONLY[language]}"
    body = letter.html[letter.html.index("<body") :]
    assert re.sub(r"<[^>]+>|\s+", " ", body).split()[0] == word
    assert ONLY[language] in letter.html
    assert f">{word}: {title}</h1>" in letter.html
    marks = re.findall(r'class="mark ([^"]*)"', letter.html)
    assert marks == ["mark-drill"]  # no colour of a real one
    assert sms.body.startswith(f"Stadt Musterstadt: {word}: ")
    assert notice.title.startswith(f"{word}: ")


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("relation", [None, *Relation])
@pytest.mark.parametrize("drill", [False, True])
@pytest.mark.parametrize("language", ["de", "en"])
def test_a_test_says_first_of_all_that_it_is_one(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    kind: Kind,
    relation: Relation | None,
    drill: bool,
    language: str,
) -> None:
    broadcast = make(kind=kind, relation=relation, drill=drill)

    letter = renderer.letter(broadcast, language=language, identity=identity, test=True)
    sms = renderer.sms(broadcast, language=language, identity=identity, test=True)
    notice = renderer.push(broadcast, language=language, identity=identity, test=True)
    real = renderer.letter(broadcast, language=language, identity=identity)

    body = letter.html[letter.html.index("<body") :]
    said = (letter.subject, letter.text, sms.body, notice.title, re.sub(r"<[^>]+>|\s+", " ", body))
    assert all(text.split()[0].strip(".:") == "TEST" for text in said)
    assert ("ÜBUNG" in letter.subject or "EXERCISE" in letter.subject) is drill
    assert "TEST" not in real.subject + real.text + real.html


@pytest.mark.parametrize("language", ["de", "en", "uk"])
def test_what_is_no_drill_never_says_that_it_is(
    renderer: Renderer, make: BroadcastMaker, identity: Identity, language: str
) -> None:
    for kind, severity in ((Kind.ALERT, Severity.EXTREME), (Kind.ANNOUNCEMENT, None)):
        broadcast = make(kind=kind, severity=severity)
        letter = renderer.letter(broadcast, language=language, identity=identity)
        said = (
            letter.subject, letter.text, letter.html[letter.html.index("<body") :],
            renderer.sms(broadcast, language=language, identity=identity).body,
            renderer.push(broadcast, language=language, identity=identity).title,
        )  # fmt: skip
        assert not [text for text in said for word in WORD.values() if word in text]


def test_the_subject_does_not_say_it_twice(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    broadcast = make({"de": Text("Entwarnung für den Norden", "x")}, relation=Relation.ALL_CLEAR)

    letter = renderer.letter(broadcast, language="de", identity=identity)

    assert letter.subject == "Entwarnung für den Norden"


def test_a_title_makes_no_second_header(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    broadcast = make({"de": Text("Sturm\r\nBcc: a@b.example\x00", "x")})

    letter = renderer.letter(broadcast, language="de", identity=identity)

    assert letter.subject == "Warnung: Sturm Bcc: a@b.example"


def test_a_letter_says_who_until_when_where_and_how_to_leave(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    broadcast = make()

    letter = renderer.letter(broadcast, language="de", identity=identity)
    form = letter.form(identity)

    assert form.text.startswith("Stadt Musterstadt schickt Ihnen")
    for part in (form.text, form.html):
        assert "Gültig bis Sonntag, 22. November 2026, 18:00 Uhr" in part
        assert "Große Gefahr" in part
        assert f"https://notify.example/b/{broadcast.id}" in part
        assert "Rathausplatz 1" in part
    assert f"/leave/{form.gap}\n" in form.text
    assert f'href="https://notify.example/leave/{form.gap}"' in form.html


def test_an_all_clear_has_no_end_and_no_danger(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    letter = renderer.letter(make(relation=Relation.ALL_CLEAR), language="de", identity=identity)

    for part in (letter.text, letter.html):
        assert "Die frühere Warnung gilt nicht mehr." in part
        assert "Gültig bis" not in part
        assert "Gefahr" not in part


def test_placeholders_cannot_be_guessed_from_another_letter(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    first, second = (renderer.letter(make(), language="de", identity=identity) for _ in "ab")

    assert first.placeholder != second.placeholder


def test_texts_are_data_on_every_channel(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    odd = "{{ 7*7 }} {% if %} %s %(x)s {leave} <b>&amp;"
    broadcast = make({"de": Text(odd, odd)})

    letter = renderer.letter(broadcast, language="de", identity=identity)
    sms = renderer.sms(broadcast, language="de", identity=identity)
    notice = renderer.push(broadcast, language="de", identity=identity)

    plain = odd.replace("&amp;", "&")  # Markdown reads the entity, in the body only
    assert odd in letter.subject
    assert plain in letter.text
    assert "{{ 7*7 }} {% if %} %s %(x)s {leave} &lt;b&gt;&amp;amp;" in letter.html
    assert f"{odd}\n{plain}" in sms.body
    assert notice.title.endswith(odd)


def test_mail_runs_and_loads_nothing(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    html = renderer.letter(make(), language="de", identity=identity).html

    assert not re.search(r"<(script|img|link|iframe|form)|\son\w+=|url\(|@import", html)
    assert "style=" in html
    assert "prefers-color-scheme" in html


@pytest.mark.parametrize(
    ("relation", "language", "start"),
    [
        pytest.param(None, "de", "Stadt Musterstadt: WARNUNG: Sturm", id="warning"),
        pytest.param(Relation.UPDATE, "de", "Stadt Musterstadt: AKTUALISIERUNG: ", id="update"),
        pytest.param(Relation.ALL_CLEAR, "de", "Stadt Musterstadt: ENTWARNUNG: ", id="all-clear"),
        pytest.param(Relation.CORRECTION, "de", "Stadt Musterstadt: KORREKTUR: ", id="correction"),
        pytest.param(Relation.ALL_CLEAR, "en", "Stadt Musterstadt: ALL CLEAR: ", id="english"),
    ],
)
def test_an_sms_says_who_speaks_and_what_it_is_first_and_the_link_last(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    relation: Relation | None,
    language: str,
    start: str,
) -> None:
    broadcast = make(relation=relation)

    sms = renderer.sms(broadcast, language=language, identity=identity)

    link = f"https://notify.example/b/{links.shorten(broadcast.id)}"
    assert sms.body.startswith(start)
    assert sms.body.endswith(f"\nBleiben Sie im Haus.\n{link}")
    assert sms.segments == 1


def test_news_by_sms_carry_no_mark(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    sms = renderer.sms(make(kind=Kind.ANNOUNCEMENT), language="de", identity=identity)

    assert sms.body.startswith("Stadt Musterstadt: Sturm ab 18 Uhr\n")


def test_the_shorter_text_is_taken_for_sms_and_its_author_told_what_changed(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    broadcast = make({"de": Text("Titel", "Lang", sms="„Sturm“ – bleiben Sie im Haus …")})

    sms = renderer.sms(broadcast, language="de", identity=identity)

    assert '"Sturm" - bleiben Sie im Haus ...' in sms.body
    assert "Lang" not in sms.body
    assert ("„", '"') in sms.replaced
    assert sms.segments == 1


@pytest.mark.parametrize(
    ("said", "dear"),
    [
        ("Hochwasser 🌊 🌊 ⚠️", "🌊 ⚠"),
        ("Hochwasser „heute“", ""),
        ("Sel uyarısı 🌊", ""),
    ],
)
def test_signs_are_named_that_make_an_sms_dear_and_letters_are_not(
    renderer: Renderer, make: BroadcastMaker, identity: Identity, said: str, dear: str
) -> None:
    broadcast = make({"de": Text("Titel", "Lang", sms=said)})

    assert renderer.sms(broadcast, language="de", identity=identity).dear == dear


def test_a_notice_replaces_the_others_of_its_thread(
    renderer: Renderer, make: BroadcastMaker, identity: Identity
) -> None:
    broadcast = make(relation=Relation.ALL_CLEAR)

    notice = renderer.push(broadcast, language="de", identity=identity)
    payload = json.loads(notice.payload("https://notify.example/beacon/1"))

    assert payload == {
        "title": "Entwarnung: Sturm ab 18 Uhr",
        "body": "Bleiben Sie im Haus.\nStadt Musterstadt",
        "url": f"https://notify.example/b/{links.shorten(broadcast.id)}",
        "tag": broadcast.thread_id.hex,
        "seq": 1,
        "lang": "de",
        "kind": "alert",
        "severity": "severe",
        "beacon": "https://notify.example/beacon/1",
    }


@rules(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    word=st.text(min_size=1, max_size=12),
    times=st.integers(min_value=1, max_value=2_000),
    beacon=st.integers(min_value=0, max_value=1_500),
)
def test_a_notice_fits_whatever_is_written(
    renderer: Renderer,
    make: BroadcastMaker,
    identity: Identity,
    word: str,
    times: int,
    beacon: int,
) -> None:
    long = f"{word} " * times
    notice = renderer.push(make({"de": Text(long, long)}), language="de", identity=identity)

    payload = notice.payload("https://notify.example/" + "b" * beacon)

    assert len(payload) <= PUSH_BYTES
    assert len(json.loads(payload)["title"]) <= 100


def test_an_address_is_confirmed_by_one_link(renderer: Renderer, identity: Identity) -> None:
    url = "https://notify.example/confirm/a?b=1&c=2"

    letter = renderer.confirm_letter(language="de", identity=identity, url=url)
    sms = renderer.confirm_sms(language="de", identity=identity, url=url)

    assert letter.subject == "Bitte bestätigen Sie Ihre E-Mail-Adresse"
    assert letter.text.count(url) == 1
    assert 'href="https://notify.example/confirm/a?b=1&amp;c=2"' in letter.html
    assert letter.form(identity).gap is None
    assert sms.body.startswith("Stadt Musterstadt: Bitte")
    assert sms.body.endswith("\n" + url)


@given(st.uuids())
def test_a_short_link_leads_where_the_long_one_does(broadcast_id: UUID) -> None:
    short = links.shorten(broadcast_id)

    assert len(short) == 22
    assert links.read(short) == links.read(str(broadcast_id)) == broadcast_id


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param("", id="empty"),
        pytest.param("x" * 21, id="too short"),
        pytest.param("ä" * 22, id="no base64"),
        pytest.param("AAAAAAAAAAAAAAAAAAAAAB", id="another spelling of the same id"),
        pytest.param("not-a-uuid-not-a-uuid-not-a-uuid-no", id="no uuid"),
    ],
)
def test_a_broken_link_leads_nowhere(reference: str) -> None:
    assert links.read(reference) is None
