"""What is said of a text before it goes out: hints on what a reader in danger would miss.

The table was written before the rules: real sentences of towns, good and bad.
"""

from dataclasses import dataclass, field
from time import perf_counter

import pytest

from notify.domain.draft import Words
from notify.domain.text_check import About, Hint, Why, check, complete

W = Why


@dataclass(frozen=True)
class Case:
    """A text, and exactly what is to be said of it."""

    name: str
    language: str
    title: str
    body: str
    says: set[Why] = field(default_factory=set[Why])
    sms: str = ""
    kind: str = "alert"
    relation: str = ""
    drill: bool = False


CASES = [
    # German, good
    Case("storm", "de", "Orkanböen in Musterstadt ab 18 Uhr",
         "Bleiben Sie im Haus und schließen Sie die Fenster. Die Böen halten bis 22 Uhr an."),
    Case("water", "de", "Trinkwasser im Ortsteil Nord verunreinigt",
         "Kochen Sie Leitungswasser ab, bevor Sie es trinken. Das gilt bis Freitag, 12 Uhr."),
    Case("smoke", "de", "Brand in der Hafenstraße, starker Rauch",
         "Halten Sie Fenster und Türen geschlossen. Schalten Sie Lüftungen aus. Wir melden uns, "
         "sobald es vorbei ist, spätestens um 20 Uhr."),
    Case("bomb", "de", "Weltkriegsbombe am Bahnhof gefunden",
         "Verlassen Sie bis 14 Uhr das Gebiet rund um den Bahnhof. Eine Notunterkunft ist in der "
         "Turnhalle Südschule."),
    Case("flood", "de", "Hochwasser an der Elbe",
         "Meiden Sie die Ufer. Bringen Sie Autos aus den Tiefgaragen der Altstadt. Der Pegel steigt "
         "noch bis Sonntagabend."),
    Case("short", "de", "Stromausfall im Stadtgebiet",
         "Rufen Sie den Notruf nur im Notfall. Der Strom kommt voraussichtlich gegen 17 Uhr wieder."),
    Case("infinitives", "de", "Chemieunfall bei der Firma Beispiel",
         "Fenster schließen. Radio einschalten. Gilt bis auf Weiteres."),
    Case("all-clear", "de", "Brand in der Hafenstraße gelöscht",
         "Sie können die Fenster wieder öffnen.", relation="all_clear"),
    Case("news", "de", "Wochenmarkt am Samstag fällt aus",
         "Der nächste Markt ist am 5. Dezember.", kind="announcement"),
    Case("drill", "de", "Übung der Feuerwehr in der Altstadt",
         "Das ist eine Übung. Gehen Sie zum Sammelplatz am Markt. Die Übung dauert bis 12 Uhr.",
         drill=True),
    Case("with page", "de", "Sperrung der Brückenstraße",
         "Fahren Sie über die Nordstraße, bis die Brücke am Montag wieder offen ist. Mehr auf der "
         "Internetseite https://musterstadt.example/bruecke."),
    Case("plain german", "de-x-simple", "Es gibt Sturm in Musterstadt",
         "Bleiben Sie im Haus. Der Sturm geht bis 22 Uhr."),
    # German, bad
    Case("vague title", "de", "Wichtige Information",
         "In Musterstadt brennt es. Bleiben Sie bis 20 Uhr im Haus.", {W.WHAT}),
    Case("only a warning", "de", "Achtung! Warnung!",
         "In der Altstadt brennt es. Bleiben Sie bis 20 Uhr im Haus.", {W.WHAT}),
    Case("no place", "de", "Orkanböen ab 18 Uhr",
         "Bleiben Sie drinnen und schließen Sie alles, bis es vorbei ist.", {W.WHERE}),
    Case("nothing to do", "de", "Rauch über Musterstadt",
         "Es kam zu einer Rauchentwicklung. Sie dauert bis 20 Uhr.", {W.DO}),
    Case("no end", "de", "Sturm in Musterstadt",
         "Bleiben Sie im Haus.", {W.UNTIL}),
    Case("nothing at all", "de", "Warnung", "Gefahr.", {W.WHAT, W.WHERE, W.DO, W.UNTIL}),
    Case("shouting", "de", "STURM IN MUSTERSTADT HEUTE",
         "Bleiben Sie im Haus. Der Sturm dauert bis 22 Uhr.", {W.CAPITALS}),
    Case("shouting body", "de", "Sturm in Musterstadt",
         "BLEIBEN SIE UNBEDINGT ALLE SOFORT ZUHAUSE! Bleiben Sie bis 22 Uhr dort.", {W.CAPITALS}),
    Case("long sentence", "de", "Sturm in Musterstadt",
         "Aufgrund der vom Deutschen Wetterdienst für das gesamte Gebiet der Stadt herausgegebenen "
         "Unwetterwarnung werden alle Bürgerinnen und Bürger dringend gebeten, sich bis zum Ende der "
         "Warnung um 22 Uhr nicht im Freien aufzuhalten. Bleiben Sie im Haus.", {W.LONG_SENTENCE}),
    Case("long title", "de", "Schwere Orkanböen im gesamten Stadtgebiet von Musterstadt erwartet",
         "Bleiben Sie bis 22 Uhr im Haus.", {W.LONG_TITLE}),
    Case("gaps", "de", "Brand in [Straße]",
         "Bleiben Sie bis ___ Uhr im Haus.", {W.GAP}),
    Case("drill word in earnest", "de", "Sturm in Musterstadt",
         "Dies ist eine Übung. Bleiben Sie bis 22 Uhr im Haus.", {W.SOUNDS_LIKE_DRILL}),
    Case("test alarm in earnest", "de", "Probealarm in Musterstadt",
         "Bleiben Sie bis 22 Uhr im Haus.", {W.SOUNDS_LIKE_DRILL}),
    Case("no drill in a compound", "de", "Bombe am Truppenübungsplatz gefunden",
         "Meiden Sie den Platz bis 22 Uhr."),
    Case("drill that says nothing", "de", "Brand in der Altstadt",
         "Gehen Sie bis 12 Uhr zum Sammelplatz.", {W.SOUNDS_REAL}, drill=True),
    Case("long link in the SMS", "de", "Sturm in Musterstadt",
         "Bleiben Sie bis 22 Uhr im Haus.", {W.LINK},
         sms="Sturm bis 22 Uhr. Im Haus bleiben. https://www.musterstadt.example/aktuelles/2026/sturm"),
    Case("page without its link", "de", "Sperrung der Brückenstraße",
         "Fahren Sie bis Montag über die Nordstraße. Mehr auf unserer Internetseite.",
         {W.NO_LINK}),
    # English, good
    Case("storm en", "en", "Storm in Musterstadt from 6 pm",
         "Stay inside and close all windows. The storm will last until 10 pm."),
    Case("water en", "en", "Tap water unsafe in the northern district",
         "Boil tap water before you drink it. This applies until Friday noon."),
    Case("all-clear en", "en", "Fire in Harbour Street is out",
         "You can open your windows again.", relation="all_clear"),
    Case("news en", "en", "No market on Saturday", "The next one is on 5 December.",
         kind="announcement"),
    Case("drill en", "en", "Fire service exercise in the old town",
         "This is an exercise. Go to the meeting point at the market. It ends by 12:00.",
         drill=True),
    # English, bad
    Case("vague en", "en", "Important notice",
         "There is a fire in Harbour Street. Stay inside until 8 pm.", {W.WHAT}),
    Case("no place en", "en", "Storm from 6 pm",
         "Stay inside until it is over.", {W.WHERE}),
    Case("nothing to do en", "en", "Smoke over Musterstadt",
         "There is smoke in the air. It will last until 8 pm.", {W.DO}),
    Case("no end en", "en", "Storm in Musterstadt", "Stay inside.", {W.UNTIL}),
    Case("drill word in earnest en", "en", "Storm in Musterstadt",
         "This is a drill. Stay inside until 10 pm.", {W.SOUNDS_LIKE_DRILL}),
    Case("drill that says nothing en", "en", "Fire in the old town",
         "Go to the meeting point. It ends at 12:00.", {W.SOUNDS_REAL}, drill=True),
    Case("shouting en", "en", "STORM IN MUSTERSTADT TODAY",
         "Stay inside until 10 pm.", {W.CAPITALS}),
    # Other languages: only what needs no language
    Case("ukrainian", "uk", "Буря в місті", "Залишайтеся вдома."),
    Case("french, shouting and gaps", "fr", "TEMPÊTE DANS TOUTE LA VILLE",
         "Restez chez vous jusqu'à [heure].", {W.CAPITALS, W.GAP}),
    Case("arabic", "ar", "عاصفة في المدينة", "ابقوا في بيوتكم."),
    # Nothing written yet is no fault of the text
    Case("empty", "de", "", ""),
]  # fmt: skip


def _check(case: Case, **more: object) -> list[Hint]:
    about = About(
        language=case.language, kind=case.kind, relation=case.relation, drill=case.drill,
        sender="Stadt Musterstadt", places=("Musterstadt",),
    )  # fmt: skip
    return check(Words(case.title, case.body, case.sms), about)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_text_gets_the_hints_it_needs_and_no_others(case: Case) -> None:
    assert {hint.why for hint in _check(case)} == case.says


def test_the_table_is_long_enough() -> None:
    assert len(CASES) >= 30


def _one(text: Words, **about: object) -> list[Hint]:
    given: dict[str, object] = {
        "language": "de", "kind": "alert", "sender": "Stadt", "places": ("Musterstadt",)
    } | about  # fmt: skip
    return check(text, About(**given))  # type: ignore[arg-type]


GOOD = Words("Sturm in Musterstadt", "Bleiben Sie bis 22 Uhr im Haus.", "")


@pytest.mark.parametrize("sender", ["", "  ", "Citizen Notify"])
def test_who_speaks_must_be_named(sender: str) -> None:
    assert [hint.why for hint in _one(GOOD, sender=sender)] == [W.WHO]


def test_what_the_sms_costs_and_changes_is_said() -> None:
    hints = _one(GOOD, segments=3, replaced=(("„", '"'), ("–", "-")))

    assert [(hint.why, hint.field, hint.said) for hint in hints] == [
        (W.SEGMENTS, "sms", "3"),
        (W.REPLACED, "sms", "„ –"),
    ]


def test_signs_that_make_the_sms_dear_are_named_where_it_takes_more_than_one() -> None:
    assert [(hint.why, hint.said) for hint in _one(GOOD, segments=2, dear="🌊")] == [
        (W.SEGMENTS, "2"),
        (W.DEAR, "🌊"),
    ]
    assert _one(GOOD, segments=1, dear="🌊") == []


def test_one_segment_is_nothing_to_speak_of() -> None:
    assert _one(GOOD, segments=1) == []


@pytest.mark.parametrize(
    ("text", "why", "where", "said"),
    [
        (Words("Sturm in Musterstadt", "Bleiben Sie bis 22 Uhr drin.", "STURM HEUTE ABEND WARNUNG"),
         W.CAPITALS, "sms", "STURM HEUTE ABEND WARNUNG"),
        (Words("x" * 51, "In Musterstadt: Bleiben Sie bis 22 Uhr drin."), W.LONG_TITLE, "title", "51"),
        (Words("Sturm in [Ort]", "Musterstadt: Bleiben Sie bis 22 Uhr drin."), W.GAP, "title", "[Ort]"),
        (Words("Sturm in Musterstadt", "Bleiben Sie bis XX Uhr drin."), W.GAP, "body", "XX"),
        (Words("Übung in Musterstadt", "Bleiben Sie bis 22 Uhr drin."),
         W.SOUNDS_LIKE_DRILL, "title", "Übung"),
    ],
)  # fmt: skip
def test_a_hint_names_the_field_and_the_words(text: Words, why: Why, where: str, said: str) -> None:
    assert [(hint.why, hint.field, hint.said) for hint in _one(text)] == [(why, where, said)]


def test_where_may_be_the_name_of_a_group() -> None:
    text = Words("Sturm ab 18 Uhr", "Bleiben Sie drinnen, Oberdorf! Es dauert bis 22 Uhr.")

    assert [hint.why for hint in _one(text, places=("Musterstadt",))] == [W.WHERE]
    assert _one(text, places=("Musterstadt", "Oberdorf")) == []


@pytest.mark.parametrize("piece", ["wichtig", "a", "Aen ", "[", "_ ", "A ", "in A", "http://", "Ü"])
def test_a_text_made_to_take_long_takes_no_time(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    began = perf_counter()

    _one(Words(text, text, text))

    assert perf_counter() - began < 2.0


@pytest.mark.parametrize(
    ("text", "about", "is_complete"),
    [
        (GOOD, {}, True),
        (Words(GOOD.title, ""), {}, False),
        (Words("", GOOD.body), {}, False),
        (GOOD, {"language": "fr"}, False),
        (GOOD, {"kind": "announcement"}, False),
        (GOOD, {"segments": 2}, False),
    ],
)
def test_only_what_was_looked_for_and_found_is_complete(
    text: Words, about: dict[str, object], is_complete: bool
) -> None:
    given: dict[str, object] = {"language": "de", "kind": "alert", "sender": "Stadt"} | about

    assert complete(text, About(**given)) is is_complete  # type: ignore[arg-type]
