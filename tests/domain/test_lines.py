"""Short texts and language tags, as they come and as they are kept."""

import pytest

from notify.domain.lines import language_tag, many_lines, one_line
from notify.errors import Invalid


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("DE", "de", id="case"),
        pytest.param("pt_br", "pt-BR", id="underscore"),
        pytest.param("es-419", "es-419", id="region by number"),
        pytest.param("zh-hant", "zh-Hant", id="script"),
        pytest.param("de-X-simple", "de-x-simple", id="plain German"),
        pytest.param(" uk ", "uk", id="one we have no catalogue for"),
    ],
)
def test_a_well_formed_language_tag_gets_its_usual_spelling(written: str, kept: str) -> None:
    assert language_tag(written, field="language") == kept


@pytest.mark.parametrize("written", ["", "d", "deutsch", "de-", "de--at", "de!", "de-" + "x" * 40])
def test_what_is_no_language_tag_is_refused(written: str) -> None:
    with pytest.raises(Invalid) as refusal:
        language_tag(written, field="language")

    assert refusal.value.field == "language"


@pytest.mark.parametrize(
    "text", ["a\nb", "a\r\nb", "a\0b", "a\u2028b", "a\x1bb", "a\ud800", "x" * 201]
)
def test_a_line_holds_no_breaks_and_no_control_characters(text: str) -> None:
    with pytest.raises(Invalid):
        one_line(text, field="name")


def test_a_text_of_many_lines_keeps_its_breaks_and_nothing_else_that_is_hidden() -> None:
    assert many_lines(" Rathaus\r\n\tMarkt 1\n", field="imprint") == "Rathaus\n\tMarkt 1"
    for text in ("a\0b", "x" * 20_001):
        with pytest.raises(Invalid):
            many_lines(text, field="imprint")
