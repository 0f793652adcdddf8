"""Segments against a slow splitter written from the standard, and friendly spelling by table."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from channels.segments import GSM, GSM_BASIC, GSM_EXTENDED, Friendly, friendly, measure

GERMAN = "aouäöüßAOUÄÖÜ „“–…‚‘’é€^{}[]~|\\.,\n"
WILD = st.text(st.sampled_from(GERMAN + "žł😀Я\u0308\u00ad\u200d\ufe0f½2°Cê"), max_size=400)
GSM_TEXT = st.text(st.sampled_from(sorted(GSM)), max_size=700)


def split_slowly(text: str) -> tuple[str, list[list[str]]]:
    """Fills segment after segment, character by character, as a handset takes them."""
    gsm = all(char in GSM_BASIC or char in GSM_EXTENDED for char in text)
    single, each = (160, 153) if gsm else (70, 67)

    def units(char: str) -> list[str]:
        if gsm:
            return ["ESC", char] if char in GSM_EXTENDED else [char]
        raw = char.encode("utf-16-be", "surrogatepass")
        return [raw[at : at + 2].hex() for at in range(0, len(raw), 2)]

    pending = [units(char) for char in text]
    if sum(map(len, pending)) <= single:
        whole = [unit for char in pending for unit in char]
        return ("gsm7" if gsm else "ucs2"), [whole] if whole else []
    segments: list[list[str]] = []
    while pending:
        segment: list[str] = []
        while pending and len(segment) + len(pending[0]) <= each:
            segment += pending.pop(0)
        segments.append(segment)
    return ("gsm7" if gsm else "ucs2"), segments


def test_the_gsm_alphabet_is_whole() -> None:
    assert len(GSM_BASIC) == 127  # 128 places less the escape
    assert len(GSM_EXTENDED) == 9
    assert not GSM_BASIC & GSM_EXTENDED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ("gsm7", 0, 0, 160), id="nothing"),
        pytest.param("a" * 160, ("gsm7", 1, 160, 0), id="one full gsm segment"),
        pytest.param("a" * 161, ("gsm7", 2, 161, 145), id="one character too many"),
        pytest.param("a" * 306, ("gsm7", 2, 306, 0), id="two full"),
        pytest.param("ä" * 307, ("gsm7", 3, 307, 152), id="three"),
        pytest.param("€" * 80, ("gsm7", 1, 160, 0), id="an extended character is two"),
        pytest.param("a" * 152 + "{" + "a" * 152, ("gsm7", 3, 306, 152), id="escape not split"),
        pytest.param("a" * 151 + "{" + "a" * 153, ("gsm7", 2, 306, 0), id="escape fits exactly"),
        pytest.param("ж" * 70, ("ucs2", 1, 70, 0), id="one full ucs-2 segment"),
        pytest.param("ж" * 71, ("ucs2", 2, 71, 63), id="ucs-2, one too many"),
        pytest.param("😀" * 35, ("ucs2", 1, 70, 0), id="an emoji is two"),
        pytest.param("😀" * 67, ("ucs2", 3, 134, 65), id="surrogate pair not split"),
        pytest.param("a" * 69 + "„", ("ucs2", 1, 70, 0), id="one curly quote changes all"),
    ],
)
def test_a_text_costs_what_the_standard_says(
    text: str, expected: tuple[str, int, int, int]
) -> None:
    counted = measure(text)

    assert (counted.encoding, counted.segments, counted.units, counted.units_left) == expected


@given(st.one_of(GSM_TEXT, WILD, st.text(max_size=300)))
def test_counting_agrees_with_filling_segment_by_segment(text: str) -> None:
    encoding, segments = split_slowly(text)

    counted = measure(text)

    capacity = {("gsm7", True): 160, ("gsm7", False): 153, ("ucs2", True): 70, ("ucs2", False): 67}
    room = capacity[counted.encoding, len(segments) <= 1]
    assert counted.encoding == encoding
    assert counted.segments == len(segments)
    assert counted.units == sum(map(len, segments))
    assert counted.units_left == room - (len(segments[-1]) if segments else 0)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param(
            "„Sturm“ – bleiben Sie im Haus …", '"Sturm" - bleiben Sie im Haus ...', id="de"
        ),
        pytest.param("“Storm” — don’t go out", '"Storm" - don\'t go out', id="en"),
        pytest.param("«a» ‹b› ‚c‘ ″′", "\"a\" 'b' 'c' \"'", id="all quotes"),
        pytest.param(
            "9–12\u202fUhr, z.\u00a0B. Mo‑Fr", "9-12 Uhr, z. B. Mo-Fr", id="spaces, hyphens"
        ),
        pytest.param(
            "Trink\u00adwasser\u200b ab\u200dkochen\ufeff", "Trinkwasser abkochen", id="unseen"
        ),
        pytest.param("• Kerzen\n• Wasser\u2028• Radio", "- Kerzen\n- Wasser\n- Radio", id="list"),
        pytest.param("Marke™ © ®", "MarkeTM (c) (R)", id="signs"),
        pytest.param("25 °C, 1½ m², 7 × 2", "25 C, 1 1/2 m2, 7 x 2", id="measures"),
        pytest.param("Scha\ufb00en", "Schaffen", id="ligature"),
        pytest.param("u\u0308ber", "über", id="umlaut in two parts"),
        pytest.param("STRAẞE", "STRASSE", id="capital sharp s"),
        pytest.param("Crêpes im Café Noël, Œuvre", "Crepes im Café Noel, OEuvre", id="loan words"),
        pytest.param("a\tb\x00c\x1bd", "a bcd", id="control characters"),
        pytest.param("€ 5 {ok} äöüß", "€ 5 {ok} äöüß", id="already plain"),
    ],
)
def test_german_and_english_come_out_as_gsm(text: str, plain: str) -> None:
    spelled = friendly(text)

    assert spelled.text == plain
    assert measure(spelled.text).encoding == "gsm7"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param(
            "Штормовое предупреждение – “дома”", 'Штормовое предупреждение - "дома"', id="ru"
        ),
        pytest.param(
            "تحذير\u200c من العاصفة", "تحذير\u200c من العاصفة", id="arabic keeps its joiners"
        ),
        pytest.param("İstanbul’da fırtına", "İstanbul'da fırtına", id="turkish"),
        pytest.param("Lütfen içeri girin", "Lütfen içeri girin", id="turkish with one cedilla"),
        pytest.param("„Zażółć” gęślą jaźń", '"Zażółć" gęślą jaźń', id="polish"),
        pytest.param(
            "Prosimy o powrót do domów", "Prosimy o powrót do domów", id="polish with ó only"
        ),
        pytest.param(
            "Alerte tempête: fenêtres, forêt, bête",
            "Alerte tempête: fenêtres, forêt, bête",
            id="fr",
        ),
        pytest.param("👩\u200d🚒 kommt", "👩\u200d🚒 kommt", id="an emoji stays in one piece"),
    ],
)
def test_letters_of_other_languages_stay_as_written(text: str, kept: str) -> None:
    assert friendly(text).text == kept


def test_the_author_is_told_each_replacement_once_in_order() -> None:
    spelled = friendly("„Sturm“ – „Regen“ – gut")

    assert spelled == Friendly('"Sturm" - "Regen" - gut', (("„", '"'), ("“", '"'), ("–", "-")))


@given(WILD)
@example("?")
def test_spelling_is_stable_and_never_invents_a_question_mark(text: str) -> None:
    once = friendly(text).text

    assert friendly(once).text == once
    assert once.count("?") == text.count("?")


@given(st.text(st.sampled_from("aäß „“”‚‘’–—-\u00a0\u00ad€.!ê"), max_size=60))
def test_a_german_text_never_costs_more_after_spelling(text: str) -> None:
    spelled = friendly(text).text

    assert measure(spelled).segments <= measure(text).segments
