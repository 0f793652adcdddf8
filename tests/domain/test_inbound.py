"""Which texts are a word to us by themselves."""

import pytest

from notify.domain.inbound import Word, word_of

IPHONE = "\n\nGesendet von meinem iPhone"


@pytest.mark.parametrize(
    "body",
    ["STOP", "stop", " Stop.\n", "STOPP!", "stopp", "Abmelden", "ABMELDEN!!!", "STOPALL",
     "Stop all", "UNSUBSCRIBE", "cancel", "END", "quit", "Revoke", "opt-out", "OPT OUT", "„Stopp“",
     "S T O P", "ＳＴＯＰ", "\u200bstop\u200b", "STOP 🛑", "🛑 STOP", "STOP\u00ad",
     # what people really write
     "Abmeldung", "abbestellen", "Austragen.", "Stop bitte", "Bitte STOP", "bitte, stopp!",
     "Abmelden bitte", "Bitte abmelden, danke!", "Please stop", "STOP PLEASE", "Stop. Danke",
     "unsubscribe please", "Stop Stop", "STOP STOP STOP!!!", "stopp, stopp", "Stop\nStop",
     "Bitte bitte stop", "stop all please",
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
     "Bitte nicht abmelden", "restart", "STOP1", "Stop" + "!" * 100, "ѕтор", "HELP", "INFO",
     "ENDE", "Ende.", "Ende?", "STOP?", "Cancel?", "end ?!", "START？", "Abmelden???",
     "Stop the rain", "Please stop the rain", "Bitte nicht stoppen", "End of the road",
     "Don't stop", "Nicht STOP", "No stop", "Stop 1", "ST0P", "STOP START", "stop cancel start",
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
