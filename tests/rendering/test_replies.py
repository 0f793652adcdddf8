"""What answers a text is short, says who speaks first, and is known again."""

import pytest

from channels import segments
from notify.domain.broadcast import Identity
from notify.domain.inbound import Word, command_of
from notify.domain.poll import LONGEST_ASK, LONGEST_OPTION, MOST_OPTIONS
from notify.domain.replying import Say
from notify.rendering import replies
from notify.rendering.messages import Renderer
from notify.settings import Settings

URL = "https://warnung.musterstadt.de"
TOWN = Identity(sender_name="Musterstadt", mail_from="warnung@musterstadt.de")
DATA = {
    "group": "Kita Süd", "slug": "kita-sued", "groups": ["kita-sued", "kita-nord"],
    "requested": ["Feuerwehr"], "languages": ["de", "en"], "language": "de-x-simple",
    "below": ["Krippe"],
}  # fmt: skip
LONG = {
    "group": "Elternbeirat der Kindertagesstätte am Mühlenweg in Oberhausen-Süd " * 3,
    "slug": "elternbeirat-der-kindertagesstaette-am-muehlenweg",
    "groups": ["elternbeirat-der-kindertagesstaette-am-muehlenweg"] * 3,
    "requested": ["x" * 400], "languages": ["de", "en", "fr", "uk"], "language": "uk",
    "below": ["Krippe am Mühlenweg in Oberhausen " * 3] * 9,
    "sender": "Verwaltungsgemeinschaft Obere und Untere Musterau " * 4,
}  # fmt: skip


@pytest.fixture
def renderer() -> Renderer:
    return Renderer(Settings(public_url=URL, town="Musterstadt"))


def said(renderer: Renderer, say: Say, reader: str, **data: object) -> str:
    text = replies.sms(renderer, language=reader, identity=TOWN, url=URL, data={"say": say, **data})
    assert text.segments == segments.measure(text.body).segments
    return text.body


@pytest.mark.parametrize("language", ["de", "en", "de-x-simple", "uk"])
@pytest.mark.parametrize("say", Say)
def test_every_answer_names_the_town_first_and_costs_little(
    renderer: Renderer, say: Say, language: str
) -> None:
    usual = said(renderer, say, language, **({} if say is Say.HELP else DATA))

    assert usual.startswith("Musterstadt: ")
    assert "%(" not in usual
    assert segments.measure(usual).encoding == "gsm7"
    assert segments.measure(usual).segments == 1, usual
    assert segments.measure(said(renderer, say, language, **LONG)).segments <= 4


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("say", Say)
@pytest.mark.parametrize("data", [DATA, LONG])
def test_every_answer_is_known_again_and_asks_for_nothing(
    renderer: Renderer, say: Say, language: str, data: dict[str, object]
) -> None:
    body = said(renderer, say, language, **data)

    assert replies.is_ours(body)
    assert replies.is_ours(f"  {body}\r\n")
    assert command_of(body) is None


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("say", [Say.QUESTION, Say.UNCLEAR])
def test_the_longest_question_is_known_again(renderer: Renderer, say: Say, language: str) -> None:
    options = [f"{n} {'Sporthalle ' * 7}"[:LONGEST_OPTION] for n in range(1, MOST_OPTIONS + 1)]
    question = "\n".join(["Wohin? " * (LONGEST_ASK // 7), *options])
    body = said(renderer, say, language, question=question, number=2, of=5)

    assert segments.measure(body).segments >= 6
    assert replies.is_ours(body)


@pytest.mark.parametrize("say", [Say.LIST, Say.STARTED, Say.WHICH_GROUP])
def test_what_has_no_groups_says_how_to_take_part(renderer: Renderer, say: Say) -> None:
    assert f"{URL}/join" in said(renderer, say, "de", groups=[])


@pytest.mark.parametrize(
    "body",
    ["", "Hallo", "STOP", "MITMACHEN kita", "Musterstadt: wann kommt das Wasser?", "x" * 5_000,
     "Sie folgen: niemandem", ": ", "Hilfe: 112", ": Which group? Write it like this: " * 300],
)  # fmt: skip
def test_what_people_write_is_not_taken_for_ours(body: str) -> None:
    assert not replies.is_ours(body)


@pytest.mark.parametrize("language", ["de", "en"])
def test_that_a_text_is_no_answer_of_theirs_is_short_and_known_again(
    renderer: Renderer, language: str
) -> None:
    body = said(renderer, Say.KEPT, language, not_asked=True)

    assert segments.measure(body).segments == 1
    assert "112" in body
    assert replies.is_ours(body)


def test_the_version_of_a_wording_changes_with_its_words() -> None:
    settings = Settings()
    versions = {
        replies.version(say, language, default="de", zone=settings.zone)
        for say in Say
        for language in ("de", "en")
    }
    assert len(versions) == 2 * len(Say)


@pytest.mark.parametrize("word", [Word.JOIN, Word.LEAVE, Word.STOP_GROUP])
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_is_shown_as_an_example_does_what_it_says(
    renderer: Renderer, word: Word, language: str
) -> None:
    body = said(renderer, Say.WHICH_GROUP, language, groups=["kita-sued"], word=word)
    example = body.split(": ")[2].removesuffix(". Alle").removesuffix(". All")

    command = command_of(example)
    assert command is not None
    assert (command.word, command.rest) == (word, "kita-sued")
