"""Which texts are a word to us, by themselves or before the name of a group."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.inbound import (
    Command,
    Word,
    command_of,
    is_automatic,
    provider_answers,
    reserved_word,
    word_of,
)

IPHONE = "\n\nGesendet von meinem iPhone"


@pytest.mark.parametrize(
    "body",
    ["STOP", "stop", " Stop.\n", "STOPP!", "stopp", "Abmelden", "ABMELDEN!!!", "STOPALL",
     "Stop all", "UNSUBSCRIBE", "cancel", "END", "quit", "Revoke", "opt-out", "OPT OUT", "„Stopp“",
     "S T O P", "ＳＴＯＰ", "\u200bstop\u200b", "STOP 🛑", "🛑 STOP", "STOP\u00ad",
     # what people really write
     "Abmeldung", "abbestellen", "Austragen.", "Stop bitte", "Bitte STOP", "bitte, stopp!",
     "Abmelden bitte", "Bitte abmelden, danke!", "Please stop", "STOP PLEASE", "Stop. Danke",
     "K7 STOP", "k7: stopp bitte", "(M12) Abmelden", "unsubscribe please", "Stop Stop", "STOP STOP STOP!!!", "stopp, stopp", "Stop\nStop",
     "Bitte bitte stop", "stop all please",
     # who answers a poll with it
     "Stop 1", "1 STOP", "7 STOP", "1, stop", "2. Stop!", "STOP!! 2", "Stopp 3 bitte", "K7 2 stop", "k7 stopp 1", "1 3 STOP",
     "stop\n1", "2️⃣ STOP", "STOP ٢", "10 stop", "1 UNSUBSCRIBE", "1 1 stop stop", f"2 Stop{IPHONE}",
     # with the signature of a mail program
     f"Stop{IPHONE}", f"Bitte abmelden{IPHONE}", "Stop\r\n\r\nSent from my iPhone",
     "Stop\n\n-- \nErika Mustermann", "Stop\n \nVon meinem Samsung Galaxy Smartphone gesendet."],
)  # fmt: skip
def test_a_word_to_stop_is_known_however_it_is_written(body: str) -> None:
    assert word_of(body) is Word.STOP


@pytest.mark.parametrize(
    "body",
    ["START", " start ", "Start!", "unstop", "UN-STOP", "Anmelden", "ANMELDEN!", "Bitte anmelden",
     "Start bitte", "start start", "Start please", f"Anmelden{IPHONE}"],
)  # fmt: skip
def test_a_word_to_start_is_known_however_it_is_written(body: str) -> None:
    assert word_of(body) is Word.START


@pytest.mark.parametrize(
    "body",
    ["", "   ", "?", "JA", "YES", "1", "Stopft jemand das Loch im Deich?", "Am Ende der Straße",
     "Bitte nicht abmelden", "restart", "STOP1", "Stop" + "!" * 100, "ѕтор",
     "ENDE", "Ende.", "Ende?", "STOP?", "Cancel?", "end ?!", "START？", "Abmelden???",
     "Stop the rain", "Please stop the rain", "Bitte nicht stoppen", "End of the road",
     "K7 Stop?", "K7 HELP", "K7 Info", "K7 don't stop", "K789 STOP",
     "Don't stop", "Nicht STOP", "No stop", "Abmelden 1", "2 abbestellen", "Stop 112", "1 HELP", "Start 1", "Stop 1?", "Stop kita 1", "ST0P", "STOP START", "stop cancel start",
     "Ende der Warnung", "Stop, ich bin das Amt", "Der Bus fährt am Stop Rathaus ab",
     "Bitte", "Bitte danke", "please", "Danke für die Warnung", "Wann kann ich mich anmelden",
     "Anmelden beim Amt", "Abmeldung vom Kindergarten", "Bitte den Hund abmelden",
     "cancel my appointment", "Austragen von Zeitungen", "Bitte stop bitte?", "Halt", "Start of flood",
     "Stop\n\nDer Keller läuft voll", "Stop\nGesendet von meinem iPhone im Keller",
     "Der Keller läuft voll" + IPHONE, f"Stop?{IPHONE}", IPHONE, "Unsubscribe me from life",
     "weiter", "Stopp den Regen bitte", "Quit smoking please"],
)  # fmt: skip
def test_what_is_no_such_word_is_left_to_people(body: str) -> None:
    assert word_of(body) is None


@pytest.mark.parametrize(
    "body",
    ["HELP", "help", "Hilfe", "HILFE!!!", "Hilfe?", "INFO", "info ?", "Hilfe bitte", "Help please",
     f"Info{IPHONE}", "H I L F E", "Ｈｅｌｐ", "\u200bhilfe\u200b", "Hilfe Hilfe", "🆘 HILFE"],
)  # fmt: skip
def test_a_call_for_help_is_known_however_it_is_written(body: str) -> None:
    assert word_of(body) is Word.HELP
    assert command_of(body) == Command(Word.HELP, language=_language(body))


def _language(body: str) -> str | None:
    letters = "".join(filter(str.isalpha, unicodedata.normalize("NFKC", body))).upper()
    return "de" if "HILFE" in letters else "en" if letters.startswith("HELP") else None


JOIN, LEAVE, LIST, LANG, CODE = Word.JOIN, Word.LEAVE, Word.LIST, Word.LANG, Word.CODE
STOP_GROUP = Word.STOP_GROUP


@pytest.mark.parametrize(
    ("body", "word", "rest", "language"),
    [
        ("JOIN kita-sued", JOIN, "kita-sued", "en"),
        ("join Kita Süd", JOIN, "Kita Süd", "en"),
        ("  Join   kita   sued  ", JOIN, "kita sued", "en"),
        ("JOIN: kita", JOIN, "kita", "en"),
        ("JOIN <kita>", JOIN, "kita", "en"),
        ('JOIN "Kita Süd"', JOIN, "Kita Süd", "en"),
        ("„JOIN Kita Süd“", JOIN, "Kita Süd", "en"),
        ("JOIN kita!", JOIN, "kita", "en"),
        ("JOIN kita.", JOIN, "kita", "en"),
        ("JOIN #kita", JOIN, "kita", "en"),
        ("JOIN\nkita", JOIN, "kita", "en"),
        ("Please join kita", JOIN, "kita", "en"),
        ("join kita please", JOIN, "kita", "en"),
        ("Bitte mitmachen Kita Süd", JOIN, "Kita Süd", "de"),
        ("MITMACHEN kita", JOIN, "kita", "de"),
        ("Mitmachen: Kita Süd, danke!", JOIN, "Kita Süd", "de"),
        ("Anmelden Kita Süd", JOIN, "Kita Süd", "de"),
        ("ANMELDEN kita-sued", JOIN, "kita-sued", "de"),
        ("Anmeldung Kita Süd", JOIN, "Kita Süd", "de"),
        ("Anmelden für die Kita Süd", JOIN, "für die Kita Süd", "de"),
        ("Anmelden beim Amt", JOIN, "beim Amt", "de"),
        (f"Mitmachen kita{IPHONE}", JOIN, "kita", "de"),
        ("ＪＯＩＮ ｋｉｔａ", JOIN, "kita", "en"),
        ("\u200bJOIN\u200b ki\u00adta", JOIN, "kita", "en"),
        ("JOIN", JOIN, "", "en"),
        ("Mitmachen", JOIN, "", "de"),
        ("mitmachen bitte", JOIN, "", "de"),
        ("LEAVE kita", LEAVE, "kita", "en"),
        ("leave the group kita", LEAVE, "the group kita", "en"),
        ("ABMELDEN kita", LEAVE, "kita", "de"),
        ("Abmelden von Kita Süd", LEAVE, "von Kita Süd", "de"),
        ("Abmeldung vom Kindergarten", LEAVE, "vom Kindergarten", "de"),
        ("Abmelden: Kita Süd, bitte.", LEAVE, "Kita Süd", "de"),
        ("AUSTRAGEN kita", LEAVE, "kita", "de"),
        ("Austragen von Zeitungen", LEAVE, "von Zeitungen", "de"),
        ("abbestellen Kita", LEAVE, "Kita", "de"),
        ("Leave", LEAVE, "", "en"),
        ("LIST", LIST, "", "en"),
        ("list!", LIST, "", "en"),
        ("Liste", LIST, "", "de"),
        ("LISTE?", LIST, "", "de"),
        ("Liste bitte", LIST, "", "de"),
        ("LANG de", LANG, "de", None),
        ("lang EN", LANG, "EN", None),
        ("LANG de-x-simple", LANG, "de-x-simple", None),
        ("LANGUAGE english", LANG, "english", "en"),
        ("Sprache Deutsch", LANG, "Deutsch", "de"),
        ("SPRACHE: einfaches Deutsch", LANG, "einfaches Deutsch", "de"),
        ("Sprache", LANG, "", "de"),
        ("123456", CODE, "123456", None),
        (" 123 456 ", CODE, "123456", None),
        ("123-456", CODE, "123456", None),
        ("JA 482913", CODE, "482913", None),
        ("ja: 482913", CODE, "482913", None),
        ("Code 482 913.", CODE, "482913", None),
        ("Mein Code: 482913", None, "", None),
        ("٤٨٢٩١٣", CODE, "482913", None),
        (f"JA 482913{IPHONE}", CODE, "482913", None),
        ("JOIN 482913", CODE, "482913", None),
    ],
)  # fmt: skip
def test_a_keyword_is_known_by_what_stands_first(
    body: str, word: Word | None, rest: str, language: str | None
) -> None:
    expected = None if word is None else Command(word, rest, language)
    assert command_of(body) == expected


@pytest.mark.parametrize(
    ("body", "word", "rest", "language"),
    [
        ("STOP kita", STOP_GROUP, "kita", None),
        ("Stopp Kita Süd", STOP_GROUP, "Kita Süd", "de"),
        ("stop: kita-sued!", STOP_GROUP, "kita-sued", None),
        ("Bitte STOP kita", STOP_GROUP, "kita", None),
        ("Stop the rain", STOP_GROUP, "the rain", None),
        ("Stopp den Regen bitte", STOP_GROUP, "den Regen", "de"),
        ("Kita Süd abmelden", LEAVE, "Kita Süd", "de"),
        ("Bitte von Kita Süd abmelden", LEAVE, "von Kita Süd", "de"),
        ("Bitte den Hund abmelden", LEAVE, "den Hund", "de"),
        ("Kita Süd anmelden", JOIN, "Kita Süd", "de"),
        ("Kita mitmachen!", JOIN, "Kita", "de"),
        ("Wann kann ich mich anmelden", JOIN, "Wann kann ich mich", "de"),
    ],
)  # fmt: skip
def test_some_are_meant_for_us_only_where_the_rest_is_a_group(
    body: str, word: Word, rest: str, language: str | None
) -> None:
    assert command_of(body) == Command(word, rest, language, sure=False)


@pytest.mark.parametrize(
    "body",
    ["", "   ", "\n\n", "?", "🛑", "\u200b", "JA", "YES", "NEIN", "1", "12345", "1234567", "12 34 56",
     "1234 56", "Tel 0151 2345678", "am 123456 und 234567", "112", "a b 123456",
     "Bitte nicht abmelden", "Nicht abmelden Kita", "Don't join kita", "Kita Süd nicht abmelden",
     "Do not leave kita", "Join kita?", "Kann ich mich anmelden?", "Stop kita?", "Abmelden Kita?",
     "Der Keller läuft voll", "Hilfe, der Keller läuft voll",
     "Help us at the bridge", "Info zur Sperrung", "Liste der Straßen", "List all streets",
     "Wir wollen mitmachen wie letztes Jahr beim Fest und bringen Kuchen mit, wann geht es los und wo",
     "JOINkita", "joining kita", "Listen", "Sprachen", "Am Ende der Straße", "STOPkita", "Stopft das",
     "restart", "Cancel my appointment", "quit smoking", "End of the road", "Halt", "weiter",
     "JOIN " + "x" * 200, "LEAVE " + "kita " * 40, IPHONE, "\ud83d", "ЈОIN kita"],
)  # fmt: skip
def test_anything_else_is_for_a_person(body: str) -> None:
    assert command_of(body) is None


@pytest.mark.parametrize(
    "body", ["STOP", "Stopp bitte", "S T O P", "START", "Abmelden", "anmelden!"]
)
def test_the_words_that_stand_alone_are_commands_too(body: str) -> None:
    command = command_of(body)
    assert command is not None
    assert (command.word, command.rest) == (word_of(body), "")


@pytest.mark.parametrize(
    ("body", "answers"),
    [("STOP", True), (" stop ", True), ("Unsubscribe", True), ("QUIT", True), ("STOP PLEASE", False),
     ("Stop.", False), ("STOPP", False), ("Abmelden", False), ("S T O P", False)],
)  # fmt: skip
def test_what_twilio_answers_by_itself_is_its_own_words_alone(body: str, *, answers: bool) -> None:
    assert provider_answers(body) is answers


@pytest.mark.parametrize(
    "body",
    ["Automatische Antwort: Ich bin im Urlaub.", "Auto-Reply: I am out of office until Monday",
     "AUTOREPLY", "This is an automated message. Please do not reply.",
     "Ich fahre gerade Auto und melde mich später.", "I'm driving right now",
     "Ich bin derzeit nicht erreichbar.", "Abwesenheitsnotiz: zurück am 3.", "Out of Office",
     "Bitte antworten Sie nicht auf diese Nachricht.", "Nicht stören ist aktiv",
     "Diese Nachricht wurde automatisch erstellt", "I can't talk right now. What's up?",
     "Ich kann gerade nicht sprechen. Was gibt's?", "No-Reply: your parcel is waiting",
     "Ich bin bis 3. Dezember abwesend.", "Bin bis 2. nicht im Büro", "Diese Nummer empfängt keine SMS.",
     "This number does not accept replies", "Ihre Nachricht 1 konnte nicht zugestellt werden",
     "Your message could not be delivered"],
)  # fmt: skip
def test_what_a_machine_says_is_known(body: str) -> None:
    assert is_automatic(body)
    assert command_of(body) is None


@pytest.mark.parametrize(
    "body",
    ["Wann kommt das Wasser?", "JOIN auto", "Mein Auto steht im Wasser", "Bin bald da",
     "Die Automatik der Schranke klemmt", "Danke für die Warnung", "Ich bin nicht im Haus",
     "Bin im Urlaub, 2"],
)  # fmt: skip
def test_what_a_person_says_is_no_machine_s(body: str) -> None:
    assert not is_automatic(body)


@given(st.text(max_size=300))
def test_no_text_at_all_breaks_the_reading(body: str) -> None:
    command = command_of(body)
    is_automatic(body)
    if command is not None and command.word is not Word.CODE:
        assert len(command.rest) <= len(body) * 18  # NFKC makes of one sign eighteen at most


@pytest.mark.parametrize("word", ["STOP", "stopp", "JOIN kita", "LEAVE kita", "123456"])
def test_control_signs_and_case_change_nothing(word: str) -> None:
    dressed = "\u202a" + word.replace(" ", " \u200e ").swapcase() + "\u202c\r\n"
    plain, given_ = command_of(word), command_of(dressed)
    assert plain is not None
    assert given_ is not None
    assert (given_.word, given_.rest.casefold()) == (plain.word, plain.rest.casefold())


def test_a_text_of_empty_lines_costs_no_time() -> None:
    assert word_of("Wasser" + "\n" * 5_000 + "im Keller") is None
    assert word_of("Stop" + "\n \n" * 1_000 + "Gesendet von meinem iPhone") is Word.STOP


@pytest.mark.parametrize(
    ("text", "word"),
    [("Stop", "STOP"), ("opt-out", "OPTOUT"), ("End", "END"), ("End of work", "END"),
     ("Stopp dem Lärm", "STOPP"), ("Hilfe", "HILFE"), ("Info", "INFO"), ("Start", "START"),
     ("Liste", "LISTE"), ("Mitmachen beim Fest", "MITMACHEN"), ("Hund anmelden", "ANMELDEN"),
     ("Sprache lernen", "SPRACHE"), ("123456", "123456"), ("Bitte Hilfe", "HILFE")],
)  # fmt: skip
def test_what_we_would_take_for_a_word_of_ours_is_found(text: str, word: str) -> None:
    assert reserved_word(text) == word


@pytest.mark.parametrize(
    "text", ["Ja", "YES", "brauche Hilfe", "Ende", "Stoppuhr", "Infoabend", "Start im Mai", "", "2"]
)
def test_what_we_would_take_for_nothing_else_is_free(text: str) -> None:
    assert reserved_word(text) is None
