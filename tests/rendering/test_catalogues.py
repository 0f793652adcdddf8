"""German says everything that English says, with the same blanks to fill."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from notify.rendering import languages
from notify.rendering.languages import TEMPLATES

_METHODS = [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.py", "python")]
_TRIMMED = {"**.html": {"trimmed": "true"}, "**.txt": {"trimmed": "true"}}
_PACKAGE = Path(languages.__file__).parents[1]


def _said_in_english() -> set[str]:
    found: set[str] = set()
    for folder in (TEMPLATES, _PACKAGE / "rendering", _PACKAGE / "web"):
        extracted = extract_from_dir(
            folder, method_map=_METHODS, options_map=_TRIMMED, keywords={"gettext": None, "_": None}
        )
        found |= {message for _, _, message, _, _ in extracted if isinstance(message, str)}
    return found


def _german() -> Catalog:
    with (TEMPLATES / "locale/de/LC_MESSAGES/notify.po").open("rb") as file:
        return read_po(file, locale="de")


def test_every_message_is_in_the_german_catalogue_and_no_other() -> None:
    german = {message.id for message in _german() if message.id}

    assert german == _said_in_english()
    assert len(german) > 50


def test_every_german_message_is_translated_with_the_same_blanks() -> None:
    blanks = re.compile(r"%\((\w+)\)s")

    for message in _german():
        assert not message.fuzzy or not message.id
        if isinstance(message.id, str) and message.id:
            assert message.string, message.id
            assert set(blanks.findall(message.id)) == set(blanks.findall(str(message.string)))


def test_news_is_one_word_in_each_language() -> None:
    """Staff announce, and run polls: what residents get of both is news."""
    said = [(str(message.id), str(message.string)) for message in _german() if message.id]

    assert [english for english, _ in said if "nnouncement" in english] == []
    # Only where the settings of an iPhone are quoted, which calls notifications so.
    assert [
        german for _, german in said if "Mitteilung" in german.replace("„Mitteilungen“", "")
    ] == []
    for english, german in said:
        if "news" in english.split() and "warnings" in english.casefold():
            assert "Neuigkeiten" in german, english


@pytest.mark.parametrize(
    "phrase",
    ["Zeit war um", "können Sie hier erreichen", "wer Dienst hat, ob", "Unsinn", "keine Umlaute",
     "Rundsendung", "hinaus", "beim Betreiber fragen", "per E-Mail, SMS und Web-Push zu allen",
     "hat sie nicht zugestellt", "Ob sie angenommen wurde",
     # one word for one thing
     "Neuere Meldungen", "Leitung", "Austreten", "Dabei sein", "wieder dabei", "weiteren Code",
     "in einer Stunde wieder", "jeder Mail "],
)  # fmt: skip
def test_what_a_german_reader_stumbled_over_is_gone(phrase: str) -> None:
    for message in _german():
        assert phrase not in str(message.string)
