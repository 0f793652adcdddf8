"""Which texts are a word to us by themselves."""

import pytest

from notify.domain.inbound import Word, word_of


@pytest.mark.parametrize(
    "body",
    ["STOP", "stop", " Stop.\n", "STOPP!", "stopp", "Abmelden", "ABMELDEN!!!",
     "STOPALL", "Stop all", "UNSUBSCRIBE", "cancel", "END", "quit", "Revoke", "opt-out", "OPT OUT",
     "„Stopp“", "S T O P", "ＳＴＯＰ", "\u200bstop\u200b", "STOP 🛑"],
)  # fmt: skip
def test_a_word_to_stop_is_known_however_it_is_written(body: str) -> None:
    assert word_of(body) is Word.STOP


@pytest.mark.parametrize("body", ["START", " start ", "Start!", "unstop", "UN-STOP"])
def test_a_word_to_start_is_known_however_it_is_written(body: str) -> None:
    assert word_of(body) is Word.START


@pytest.mark.parametrize(
    "body",
    ["", "   ", "?", "JA", "YES", "1", "Stopft jemand das Loch im Deich?", "Am Ende der Straße",
     "Bitte nicht abmelden", "restart", "STOP1", "Stop" + "!" * 100, "ѕтор", "HELP", "INFO",
     "ENDE", "Ende.", "Ende?", "STOP?", "Cancel?", "end ?!", "START？", "Abmelden???"],
)  # fmt: skip
def test_what_is_no_such_word_is_left_to_people(body: str) -> None:
    assert word_of(body) is None
