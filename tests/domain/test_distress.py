"""Who calls for help is heard; who needs none is not put on the list."""

import pytest

from notify.domain.distress import calls_for_help


@pytest.mark.parametrize(
    "text",
    ["Hilfe!!", "wir brauchen dringend Hilfe", "Please help us", "SOS", "bitte retten sie uns",
     "Hilfe, wir können nicht raus", "Hilfe wir kommen nicht raus", "Kann nicht raus, Hilfe",
     "kann nicht mehr laufen hilfe", "keine Luft mehr, Hilfe", "help i can't get out", "Hilfe nicht ansprechbar", "HELP no way out",
     "Bin eingeklemmt", "I'm trapped", "meine Frau ist verletzt", "Oma braucht Hilfe",
     "Notarzt!! nicht ansprechbar", "Nein! Hilfe!", "no power, need help", "Ich brauche keine Decke sondern Hilfe",
     "keine Hilfe gekommen, wir brauchen Hilfe"],
)  # fmt: skip
def test_a_call_for_help_is_heard_whatever_else_is_denied(text: str) -> None:
    assert calls_for_help(text, near=False)


@pytest.mark.parametrize(
    "text",
    ["Keine Hilfe nötig", "Wir brauchen keine Hilfe", "Brauche keine Hilfe mehr", "Hilfe brauchen wir nicht",
     "Hilfe ist nicht nötig", "no help needed thanks", "I don't need help", "I don’t need any help",
     "i do not need help", "dont need help", "niemand verletzt", "Niemand ist verletzt", "no one injured",
     "nobody is injured", "wir sind nicht verletzt", "keine weitere Hilfe", "help is not needed"],
)  # fmt: skip
@pytest.mark.parametrize("near", [True, False])
def test_who_needs_no_help_does_not_call_for_it(text: str, *, near: bool) -> None:
    assert not calls_for_help(text, near=near)


@pytest.mark.parametrize(
    "text", ["Nicht in Sicherheit", "we are not safe", "nein", "2 bitte schnell"]
)
def test_what_was_read_as_something_like_it_is_one(text: str) -> None:
    assert calls_for_help(text, near=True)
    assert not calls_for_help(text, near=False)


@pytest.mark.parametrize("text", ["", "Ja", "alles gut", "Wo soll ich hin?", "hilfe" * 200])
def test_all_else_is_none(text: str) -> None:
    assert not calls_for_help(text, near=False)
